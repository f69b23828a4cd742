// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import PebbleAPI

/// The texts in which secrets are named, filled and dated on the command line of a hook tool.
enum SecretText {
    /// A new bare id: 96 random bits in the 20 characters Juju's ids have.
    static func newID() -> String {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuv")
        // 20 characters of five bits hold 100: the last stands for the one bit that is over.
        return String((0..<19).map { _ in alphabet[Int.random(in: 0..<32)] } + [Bool.random() ? "0" : "g"])
    }

    /// The URI of a bare id.
    static func uri(_ id: String) -> String { "secret:\(id)" }

    /// The bare id in `secret:ID`, `secret://MODEL/ID` or `ID`.
    static func id(_ text: String) throws(ToolFailure) -> String {
        var rest = text[...]
        if rest.hasPrefix("secret:") { rest = rest.dropFirst("secret:".count) }
        let id = rest.split(separator: "/").last.map(String.init) ?? ""
        let isWord = id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
        guard id.utf8.count == 20, isWord else { throw ToolFailure("secret URI \"\(text)\" not valid") }
        return id
    }

    /// The content given by arguments and `--file`.
    static func content(_ call: ToolCall, from index: Int) throws -> [String: String] {
        var content = try call.keyedTexts("file")
        for (key, value) in try call.flags.assignments(from: index) {
            guard let hash = key.firstIndex(of: "#") else {
                content[key] = value
                continue
            }
            content[String(key[..<hash])] = try read(value, as: key[key.index(after: hash)...], call)
        }
        for key in content.keys where !isKey(key) {
            throw ToolFailure.usage(
                "key \"\(key)\" not valid: at least three characters, a lowercase letter first, then lowercase letters, "
                    + "digits and single hyphens"
            )
        }
        return content
    }

    private static func read(_ value: String, as form: Substring, _ call: ToolCall) throws(ToolFailure) -> String {
        switch form {
        case "base64":
            guard let data = Data(base64Encoded: value) else { throw .usage("value is not base64") }
            return String(decoding: data, as: UTF8.self)
        case "file":
            do throws(SystemError) {
                return String(decoding: try FileBytes.read(call.path(value), limit: 1 << 20), as: UTF8.self)
            } catch {
                throw ToolFailure("reading content for secret key: cannot \(error)")
            }
        default: throw .usage("\"#\(form)\" not valid: expected #base64 or #file")
        }
    }

    /// Whether `key` is `^[a-z](-?[a-z0-9]){2,}$`.
    static func isKey(_ key: String) -> Bool {
        let parts = key.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = key.utf8.first, (0x61...0x7a).contains(first) else { return false }
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isLetterOrDigit) }) else { return false }
        return parts.reduce(0) { $0 + $1.utf8.count } >= 3
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }

    /// A rotation policy by its word.
    static func rotation(_ word: String) throws(ToolFailure) -> RotatePolicy {
        guard let policy = RotatePolicy(rawValue: word) else { throw .usage("rotate policy \"\(word)\" not valid") }
        return policy
    }

    /// When a secret expires: a time in RFC 3339, or a duration from now such as `24h` or `1h30m`.
    static func expiry(_ text: String, now: Timestamp) throws(ToolFailure) -> Int64 {
        let time = Timestamp(text) ?? Timestamp(text + "Z") ?? Timestamp(text + "T00:00:00Z")
        guard let seconds = time?.seconds ?? duration(text).map({ now.seconds + $0 }) else {
            throw .usage("expire time or duration \"\(text)\" not valid")
        }
        guard seconds > now.seconds else { throw .usage("expire time \"\(text)\" is not in the future") }
        return seconds
    }

    /// The seconds in a duration as Go writes it.
    private static func duration(_ text: String) -> Int64? {
        var total = 0.0
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Double(digits), let factor = ["h": 3600.0, "m": 60.0, "s": 1.0][String(unit)] else {
                return nil
            }
            total += number * factor
            rest = rest.dropFirst(digits.count + unit.count)
        }
        return text.isEmpty ? nil : Int64(total)
    }
}

extension ToolCall {
    /// Whether the unit or its application owns a secret.
    func owns(_ secret: SecretState) -> Bool {
        switch secret.ownerKind {
        case .unit: secret.owner == unit.unitName
        case .application: secret.owner == unit.application
        case .remote, .user: false
        }
    }

    /// An owned secret by its id.
    func ownedSecret(_ text: String) throws -> SecretState {
        let id = try SecretText.id(text)
        guard let secret = try model.secret(id), owns(secret) else { throw ToolFailure("secret \"\(id)\" not found") }
        if secret.ownerKind == .application { try requireLeader("change a secret of the application") }
        return secret
    }

    /// An owned secret by its owner's label.
    func ownedSecret(label: String) throws -> SecretState? {
        try model.secrets().first { $0.label == label && owns($0) }
    }
}
