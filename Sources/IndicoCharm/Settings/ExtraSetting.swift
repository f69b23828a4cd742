// SPDX-License-Identifier: Apache-2.0
package import PebbleAPI

/// A setting of Indico that has no option of its own.
///
/// `indico.conf` is executed and some of its settings are commands, paths or secrets of the installation: only those
/// listed here may be given, each with values of one kind.
package struct ExtraSetting: Hashable, Sendable {
    package let name: String
    package let value: JSONValue

    /// What a setting's value may be.
    enum Kind {
        case text
        case boolean
        case number
        /// A text or nothing.
        case optionalText
        case textsByName

        /// What to write, for people.
        var wish: String {
            switch self {
            case .text: "text"
            case .boolean: "true or false"
            case .number: "a whole number, 0 or more"
            case .optionalText: "text or null"
            case .textsByName: "an object with text for each name"
            }
        }

        func allows(_ value: JSONValue) -> Bool {
            switch (self, value) {
            case (.text, .string(let text)), (.optionalText, .string(let text)): Self.isLine(text)
            case (.optionalText, .null), (.boolean, .bool): true
            case (.number, .integer(let number)): (0...Int64(Int32.max)).contains(number)
            case (.textsByName, .object(let object)):
                object.allSatisfy { name, value in
                    guard Self.isLine(name), case .string(let text) = value else { return false }
                    return Self.isLine(text)
                }
            default: false
            }
        }

        private static func isLine(_ text: String) -> Bool {
            text.utf8.count <= 1000 && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
    }

    /// The settings that may be given.
    static let allowed: [String: Kind] = [
        "CATEGORY_CLEANUP": .textsByName,
        "COMMUNITY_HUB_URL": .text,
        "CUSTOM_COUNTRIES": .textsByName,
        "EXPERIMENTAL_EDITING_SERVICE": .boolean,
        "EXTERNAL_REGISTRATION_URL": .optionalText,
        "FAILED_LOGIN_RATE_LIMIT": .text,
        "HELP_URL": .text,
        "LOCAL_GROUPS": .boolean,
        "LOCAL_MODERATION": .boolean,
        "LOGO_URL": .optionalText,
        "ROUTE_OLD_URLS": .boolean,
        "SESSION_LIFETIME": .number,
        "SIGNUP_CAPTCHA": .boolean,
        "SIGNUP_RATE_LIMIT": .text,
        "SMTP_SENDER_FALLBACK": .optionalText,
        "SMTP_TIMEOUT": .number,
        "SQLALCHEMY_MAX_OVERFLOW": .number,
        "SQLALCHEMY_POOL_SIZE": .number,
        "SQLALCHEMY_POOL_TIMEOUT": .number,
        "STRICT_LATEX": .boolean,
        "SYSTEM_NOTICES_URL": .optionalText,
    ]

    /// Reads the settings of an option.
    ///
    /// - Parameter value: A JSON object by name of the setting.
    /// - Returns: The settings sorted by name, and what is wrong with those that cannot be used.
    static func read(_ value: JSONValue) -> (settings: [ExtraSetting], problems: [String]) {
        guard case .object(let object) = value else {
            return ([], [#"must be a JSON object, such as {"HELP_URL": "https://help.example.com"}"#])
        }
        var settings: [ExtraSetting] = []
        var problems: [String] = []
        for (name, value) in object.sorted(by: { $0.key < $1.key }) {
            guard let kind = allowed[name] else {
                problems.append("must not set \(name.prefix(60)): see the documentation for what it may")
                continue
            }
            guard kind.allows(value) else {
                problems.append("must have \(kind.wish) for \(name)")
                continue
            }
            settings.append(ExtraSetting(name: name, value: value))
        }
        return (settings, problems)
    }

    /// The value as Python has it.
    var literal: PythonLiteral { Self.literal(value) }

    private static func literal(_ value: JSONValue) -> PythonLiteral {
        switch value {
        case .bool(let flag): .boolean(flag)
        case .integer(let number): .integer(Int(number))
        case .string(let text): .string(text)
        case .object(let object): .record(object.sorted { $0.key < $1.key }.map { ($0.key, literal($0.value)) })
        // Numbers with fractions and lists are allowed for no setting.
        case .null, .number, .array: .none
        }
    }
}

extension CharmOptions {
    /// What `indico.conf` says for options that are settings of Indico as they are.
    func assignments(_ settings: IndicoSettings) -> [(name: String, value: PythonLiteral)] {
        var result: [(name: String, value: PythonLiteral)] = []
        let implied = settings.external.bucket == nil ? [] : [AttachmentStorage.plugin]
        let enabled = Set(plugins + implied).sorted()
        if !enabled.isEmpty { result.append(("PLUGINS", .set(enabled))) }
        if uploadLimit > 0 {
            result.append(("MAX_UPLOAD_FILE_SIZE", .integer(uploadLimit)))
            result.append(("MAX_UPLOAD_FILES_TOTAL_SIZE", .integer(uploadLimit)))
        }
        // Last: the same name again counts instead of what stands above.
        return result + extraSettings.map { ($0.name, $0.literal) }
    }
}
