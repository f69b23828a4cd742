// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// What a charm declares in its files: what Juju lets into its world.
///
/// A test that is given it refuses worlds and events the charm's own files rule out, fills in defaults as the
/// controller does, and holds the types the charm reads its configuration and parameters into against what is declared.
public struct CharmDeclaration: Sendable, Hashable {
    /// The types of options, by their words in `config.yaml`.
    public enum OptionType: String, Sendable, Hashable, CaseIterable {
        /// Text.
        case string
        /// A whole number.
        case int
        /// A number.
        case float
        /// True or false.
        case boolean
        /// The URI of a secret.
        case secret
    }

    /// A configuration option.
    public struct Option: Sendable, Hashable {
        /// Its type.
        public var type: OptionType
        /// Its value until an operator sets another; nil for none, so that it is absent.
        public var defaultValue: JSONValue?

        /// Creates an option.
        public init(_ type: OptionType, default defaultValue: JSONValue? = nil) {
            self.type = type
            self.defaultValue = defaultValue
        }
    }

    /// An endpoint of relations.
    public struct Endpoint: Sendable, Hashable {
        /// Which side of a relation it is.
        public enum Role: String, Sendable, Hashable, CaseIterable {
            /// It needs what another application provides.
            case requires
            /// It provides what others require.
            case provides
            /// It relates the application's units to each other.
            case peers
        }

        /// Which side of a relation it is.
        public var role: Role
        /// The interface's name.
        public var interface: String
        /// How many relations it takes; nil for any number.
        public var limit: Int?

        /// Creates an endpoint.
        public init(_ role: Role, interface: String, limit: Int? = nil) {
            self.role = role
            self.interface = interface
            self.limit = limit
        }
    }

    /// A parameter of an action, by what of its JSON schema matters here.
    public struct Parameter: Sendable, Hashable {
        /// The schema's type: `string`, `integer`, `number`, `boolean`, `array` or `object`; nil for any.
        public var type: String?
        /// Its value when the operator gives none; nil for none.
        public var defaultValue: JSONValue?
        /// The values it may have; empty for any.
        public var choices: [JSONValue]

        /// Creates a parameter.
        public init(_ type: String?, default defaultValue: JSONValue? = nil, choices: [JSONValue] = []) {
            self.type = type
            self.defaultValue = defaultValue
            self.choices = choices
        }
    }

    /// An action.
    public struct Action: Sendable, Hashable {
        /// Its parameters by name.
        public var parameters: [String: Parameter]
        /// The parameters an operator must give.
        public var required: Set<String>
        /// Whether it takes parameters beside those; Juju 3 says yes unless told otherwise, Juju 4 no.
        public var allowsOthers: Bool

        /// Creates an action.
        public init(parameters: [String: Parameter] = [:], required: Set<String> = [], allowsOthers: Bool = true) {
            self.parameters = parameters
            self.required = required
            self.allowsOthers = allowsOthers
        }
    }

    /// A storage.
    public struct Storage: Sendable, Hashable {
        /// `filesystem` or `block`.
        public var kind: String
        /// How many instances a unit may have; nil for any number.
        public var maximumCount: Int?

        /// Creates a storage.
        public init(kind: String = "filesystem", maximumCount: Int? = 1) {
            self.kind = kind
            self.maximumCount = maximumCount
        }
    }

    /// The charm's name.
    public var name: String
    /// The endpoints by name.
    public var endpoints: [String: Endpoint] = [:]
    /// The containers.
    public var containers: Set<String> = []
    /// The storages by name.
    public var storages: [String: Storage] = [:]
    /// The resources.
    public var resources: Set<String> = []
    /// The bindings beside the endpoints.
    public var extraBindings: Set<String> = []
    /// The configuration options by name.
    public var options: [String: Option] = [:]
    /// The actions by name.
    public var actions: [String: Action] = [:]

    /// Creates a declaration of nothing but a name.
    public init(name: String) {
        self.name = name
    }

    var metadata: CharmMetadata {
        func names(_ role: Endpoint.Role) -> Set<String> { Set(endpoints.filter { $0.value.role == role }.keys) }
        return CharmMetadata(
            peers: names(.peers),
            requires: names(.requires),
            provides: names(.provides),
            containers: containers
        )
    }

    /// The world as the controller would make it of a stated one: with the defaults of options and parameters.
    func filled(_ world: World, _ event: HookEvent) -> World {
        var world = world
        world.config.merge(options.compactMapValues(\.defaultValue)) { stated, _ in stated }
        if case .action(let action) = event, let declared = actions[action.name] {
            let defaults = declared.parameters.compactMapValues(\.defaultValue)
            world.actionParameters.merge(defaults) { stated, _ in stated }
        }
        return world
    }
}
