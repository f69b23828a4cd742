// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import YAMLTree

/// A YAML file with identities by name.
struct IdentitiesFile: ParsableArguments {
    @Option
    var from: String

    /// How many there are, in words.
    static func count(_ identities: [String: IdentityInfo?], of what: String = "") -> String {
        "\(identities.count) \(what)\(identities.count == 1 ? "identity" : "identities")"
    }

    /// Reads the file.
    ///
    /// `purpose` is what is to be done with them, for who forgot to say with which.
    func read(to purpose: String) throws -> [String: IdentityInfo?] {
        let identities = try Self.read(from)
        guard !identities.isEmpty else {
            throw CommandFailure("no identities to \(purpose); did you forget the top-level \"identities\" key?")
        }
        return identities
    }

    static func read(_ path: String) throws -> [String: IdentityInfo?] {
        let bytes = try readLocalFile(path)
        do throws(YAMLError) {
            return try parse(YAMLNode.parse(bytes) ?? .null)
        } catch {
            throw CommandFailure("cannot read identities from \"\(path)\": \(error)")
        }
    }

    /// Reads identities out of a document.
    private static func parse(_ root: YAMLNode) throws(YAMLError) -> [String: IdentityInfo?] {
        var fields = YAMLFields(root, kind: "identities")
        let listed = fields.node("identities")
        // What else there may be, the original does not look at.
        var problems: [YAMLFields.Problem] = []
        var identities: [String: IdentityInfo?] = [:]
        for pair in listed?.mapping?.pairs ?? [] {
            guard let name = pair.key.scalar?.text else { continue }
            identities.updateValue(pair.value.isNull ? nil : identity(pair.value, &problems), forKey: name)
        }
        if let problem = problems.first { throw YAMLError(message: problem.message, place: problem.place) }
        return identities
    }

    private static func identity(_ node: YAMLNode, _ problems: inout [YAMLFields.Problem]) -> IdentityInfo {
        var fields = YAMLFields(node, kind: "identity")
        var identity = IdentityInfo(access: fields.nonEmptyString("access").map(IdentityAccess.init(rawValue:)))
        if let node = fields.node("local") {
            var fields = YAMLFields(node, kind: "local")
            identity.local = LocalIdentity(userID: fields.integer("user-id").flatMap { UInt32(exactly: $0) })
            problems += fields.finish()
        }
        if let node = fields.node("basic") {
            var fields = YAMLFields(node, kind: "basic")
            identity.basic = BasicIdentity(password: fields.string("password"))
            problems += fields.finish()
        }
        if let node = fields.node("cert") {
            var fields = YAMLFields(node, kind: "cert")
            identity.cert = CertificateIdentity(pem: fields.string("pem"))
            problems += fields.finish()
        }
        problems += fields.finish()
        return identity
    }
}
