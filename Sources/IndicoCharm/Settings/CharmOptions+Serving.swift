// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

extension CharmOptions {
    /// Reads the options about what is served, and how much of it.
    mutating func readServing(_ reader: inout OptionReader) {
        uploadLimit = reader.integer("max_upload_size", 0...1_000_000) ?? uploadLimit
        logInRate = reader.integer("login_rate_limit", 0...100_000) ?? logInRate
        apiRate = reader.integer("api_rate_limit", 0...100_000) ?? apiRate
        abandonsBucket = reader.boolean("abandon_s3_files") ?? abandonsBucket
        plugins = reader.pluginNames("plugins")
        externalPlugins = reader.packages("external_plugins")
        logLevel = reader.choice("log_level") ?? logLevel
        extraSettings = reader.extraSettings("extra_settings")
    }

    /// Reads the options about who people are.
    mutating func readSignOn(_ reader: inout OptionReader) {
        localIdentities = reader.boolean("local_identities") ?? localIdentities
        samlIdentifier = reader.attribute("saml_identifier") ?? samlIdentifier
        samlMapping = reader.samlFields("saml_mapping") ?? samlMapping
    }
}

extension OptionReader {
    /// One of a few words.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ option: String
    ) -> Choice? where Choice.RawValue == String {
        guard let value = text(option) else { return nil }
        if let choice = Choice(rawValue: value) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        complain(option, "must be \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")")
        return nil
    }

    /// Names of plugins, separated by commas.
    mutating func pluginNames(_ option: String) -> [String] {
        let names = list(option)
        for name in names where !name.utf8.allSatisfy(Self.isNameByte) {
            complain(option, "must list names of plugins, such as payment_manual, separated by commas")
            return []
        }
        return Set(names).sorted()
    }

    /// Packages as pip takes them, separated by commas.
    mutating func packages(_ option: String) -> [String] {
        let packages = list(option)
        // A word that starts with a dash would be an option to pip.
        for package in packages where package.hasPrefix("-") || package.contains(where: \.isWhitespace) {
            complain(option, "must list Python packages, such as indico-plugin-piwik==3.2, separated by commas")
            return []
        }
        return packages
    }

    /// The name of an attribute.
    mutating func attribute(_ option: String) -> String? {
        guard let value = text(option) else { return nil }
        guard Self.isAttribute(value) else {
            complain(option, "must be the name of an attribute, such as openid or _saml_nameid_qualified")
            return nil
        }
        return value
    }

    /// Fields of a person with the attribute each is taken from, `field=attribute` separated by commas.
    mutating func samlFields(_ option: String) -> [SAMLField]? {
        let parts = list(option)
        guard !parts.isEmpty else { return nil }
        var fields: [String: String] = [:]
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, SAMLField.known.contains(pair[0]), pair[1].isEmpty || Self.isAttribute(pair[1]),
                fields.updateValue(pair[1], forKey: pair[0]) == nil
            else {
                let known = SAMLField.known.joined(separator: ", ")
                complain(option, "must list field=attribute, such as first_name=givenName; the fields are \(known)")
                return nil
            }
        }
        return SAMLField.known.compactMap { name in fields[name].map { SAMLField(field: name, attribute: $0) } }
    }

    /// Settings of Indico, a JSON object; the one option that may have line breaks.
    mutating func extraSettings(_ option: String) -> [ExtraSetting] {
        guard let value = values[option], value != .null, value != .string("") else { return [] }
        guard case .string(let text) = value,
            let parsed = try? JSONReading.value(of: text.utf8)
        else {
            complain(option, #"must be a JSON object, such as {"HELP_URL": "https://help.example.com"}"#)
            return []
        }
        let (settings, problems) = ExtraSetting.read(parsed)
        for problem in problems { complain(option, problem) }
        return problems.isEmpty ? settings : []
    }

    /// Parts between commas, without the space around them and without empty ones.
    private mutating func list(_ option: String) -> [String] {
        (text(option) ?? "").split(separator: ",").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        .filter { !$0.isEmpty }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isAttribute(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'\\,=".utf8.contains($0) }
    }
}
