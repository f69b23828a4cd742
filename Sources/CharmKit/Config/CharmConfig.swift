// SPDX-License-Identifier: Apache-2.0

/// The options of a charm as one Swift value: a property for each option, typed as `config.yaml` declares it.
///
/// | `config.yaml` | Swift |
/// |---|---|
/// | `string` | `String`, or an enumeration of texts |
/// | `int` | `Int` |
/// | `float` | `Double` |
/// | `boolean` | `Bool` |
/// | `secret` | ``SecretOption`` |
///
/// An option without a default is absent until an operator sets it (that is how `config-get` answers), so it is an
/// optional property, or a property the charm cannot do without: then the unit is blocked until the option is set.
/// Coding keys name the options whose names are not Swift names.
///
/// A test run with the charm's files (``/CharmTesting/CharmTest``) refuses a type that does not fit what they declare.
///
/// ## Usage
///
/// ```swift
/// struct Settings: CharmConfig {
///     let greeting: String
///     let port: Int
///     let password: SecretOption?
///
///     func validate() throws {
///         guard (1...65535).contains(port) else {
///             throw ConfigError(option: "port", problem: "must be from 1 to 65535")
///         }
///     }
/// }
///
/// let settings = try model.config(Settings.self)
/// ```
public protocol CharmConfig: Decodable {
    /// Options that are declared but read elsewhere, so that a test does not miss them here; none unless stated.
    static var otherOptions: Set<String> { get }

    /// Checks what types cannot say.
    ///
    /// - Throws: ``ConfigError`` naming the option, which blocks the unit with that text when a handler lets it pass.
    func validate() throws
}

extension CharmConfig {
    /// No options that are read elsewhere.
    public static var otherOptions: Set<String> { [] }

    /// Accepts every value of the right type.
    public func validate() throws {}
}

/// An option of type `secret`: the URI of a secret the operator granted to the application.
public struct SecretOption: Sendable, Hashable {
    /// The secret's URI.
    public let id: String

    /// Creates the option's value.
    ///
    /// - Parameter id: The secret's URI; nil is returned when it is not of that form.
    public init?(id: String) {
        guard Secret.isID(id) else { return nil }
        self.id = id
    }
}

extension SecretOption: Decodable {
    /// Reads the option's value.
    ///
    /// - Parameter decoder: Where from.
    /// - Throws: ``ConfigError`` naming the option when the text is not a secret's URI.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let option = SecretOption(id: text) else {
            let name = decoder.codingPath.first?.stringValue ?? "?"
            throw ConfigError(option: name, problem: "must be the URI of a secret, such as secret:ID")
        }
        self = option
    }
}

extension Model {
    /// Reads the application's configuration as a checked value of the charm's own type.
    ///
    /// - Parameter type: The type.
    /// - Returns: The options.
    /// - Throws: ``ConfigError`` naming the option that is missing, of the wrong type or refused by
    ///   ``CharmConfig/validate()``; ``HookToolError`` when the agent cannot tell.
    public func config<Settings: CharmConfig>(_ type: Settings.Type) throws -> Settings {
        typesRead.config.append(type)
        let settings = try config().decode(type)
        try settings.validate()
        return settings
    }

    /// Names the secret an option refers to; asks nothing yet.
    ///
    /// - Parameters:
    ///   - option: The option's value.
    ///   - label: A label to attach to it on the first read.
    /// - Returns: The secret.
    public func secret(_ option: SecretOption, label: String? = nil) -> Secret {
        secret(id: option.id, label: label)
    }
}

/// The types a dispatch read configuration and parameters into, for a test to hold against what the charm declares.
package final class TypesRead {
    /// Types of the configuration.
    package var config: [any CharmConfig.Type] = []
    /// Types of the action's parameters.
    package var parameters: [any Decodable.Type] = []

    init() {}
}
