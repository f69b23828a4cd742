// SPDX-License-Identifier: Apache-2.0

import HookProtocol

/// The secrets of one dispatch: what was read, and the calls that change them.
///
/// Changes go to the agent at once, unlike databags: it keeps them until the dispatch ends well, gives a new secret's
/// id only then, and its refusals belong to the call that caused them.
final class SecretStore {
    private let caller: ToolCaller
    private let leadership: Leadership
    private let keepsOmitted: Bool
    private var contents: [Key: [String: String]] = [:]

    private struct Key: Hashable {
        let name: String
        let peeked: Bool
    }

    // `keepsOmitted` says whether `secret-set` keeps what a call leaves out.
    init(caller: ToolCaller, leadership: Leadership, keepsOmitted: Bool) {
        self.caller = caller
        self.leadership = leadership
        self.keepsOmitted = keepsOmitted
    }

    func content(_ secret: Secret, _ revision: Secret.Revision) throws(HookToolError) -> [String: String] {
        let name = Self.cacheName(secret)
        if revision == .tracked, let known = contents[Key(name: name, peeked: false)] { return known }
        if revision == .peek, let known = contents[Key(name: name, peeked: true)] { return known }
        var arguments = ["--format=json"]
        if let id = secret.id { arguments.append(id) }
        if let label = secret.label { arguments += ["--label", label] }
        switch revision {
        case .tracked: break
        case .refresh: arguments.append("--refresh")
        case .peek: arguments.append("--peek")
        }
        let values = try caller.json(.secretGet, arguments, as: [String: String].self, subject: name)
        contents[Key(name: name, peeked: revision == .peek)] = values
        // What was refreshed to is also the latest.
        if revision == .refresh { contents[Key(name: name, peeked: true)] = values }
        return values
    }

    private struct InfoAnswer: Decodable {
        let revision: Int
        let label: String?
        let description: String?
        let rotation: String?
        let expiry: String?
        let rotates: String?
        let owner: String?
        let access: [AccessAnswer]?
    }

    private struct AccessAnswer: Decodable {
        let target: String
        let scope: String?
        let role: String?
    }

    func info(_ secret: Secret) throws(HookToolError) -> SecretInfo {
        let which = secret.id.map { [$0] } ?? ["--label", secret.label ?? ""]
        let name = Self.cacheName(secret)
        let answers = try caller.json(
            .secretInfoGet,
            ["--format=json"] + which,
            as: [String: InfoAnswer].self,
            subject: name
        )
        guard let (id, answer) = answers.first else {
            throw HookToolError(kind: .secretNotFound, tool: .secretInfoGet, subject: name, message: "secret not found")
        }
        return SecretInfo(
            id: Self.uri(id),
            revision: answer.revision,
            label: answer.label,
            description: answer.description,
            rotation: answer.rotation.flatMap { SecretRotation(rawValue: $0) },
            expiry: answer.expiry,
            rotates: answer.rotates,
            owner: answer.owner.flatMap { SecretOwner(rawValue: $0) },
            access: (answer.access ?? []).map {
                SecretInfo.Access(target: $0.target, scope: $0.scope ?? "", role: $0.role ?? "")
            }
        )
    }

    func add(
        _ content: [String: String],
        owner: SecretOwner,
        label: String?,
        description: String?,
        rotation: SecretRotation?,
        expiry: String?
    ) throws -> Secret {
        if owner == .application, !(try leadership.isLeader()) { throw SecretError.notLeader }
        var arguments = metadata(label: label, description: description, rotation: rotation, expiry: expiry)
        arguments += ["--owner", owner.rawValue]
        let files = try SecretFiles(content: content)
        defer { files.remove() }
        let reply = try caller.run(.secretAdd, arguments + files.arguments, subject: label ?? "")
        let id = Self.uri(reply.output.filter { !$0.isWhitespace })
        let secret = Secret(id: id, label: label, store: self)
        remember(secret, content)
        return secret
    }

    /// Changes a secret: what is nil, and a content it has already, stays.
    func update(_ secret: Secret, _ changes: SecretChanges) throws {
        var changes = changes
        if let content = changes.content, try self.content(secret, .peek) == content { changes.content = nil }
        guard changes != SecretChanges() else { return }
        let id = try requireID(secret)
        let new = changes.content
        var owner: SecretOwner?
        if !keepsOmitted {
            let info = try info(secret)
            let old = try self.content(secret, .peek)
            changes = changes.filled(from: info, content: old)
            owner = info.owner
        }
        var arguments = metadata(
            label: changes.label,
            description: changes.description,
            rotation: changes.rotation,
            expiry: changes.expiry
        )
        if let owner { arguments += ["--owner", owner.rawValue] }
        let files = try changes.content.map { content throws(SecretError) in try SecretFiles(content: content) }
        defer { files?.remove() }
        try caller.run(.secretSet, arguments + [id] + (files?.arguments ?? []), subject: id)
        if let new { remember(secret, new) }
    }

    func ownedIDs() throws(HookToolError) -> [String] {
        try caller.json(.secretIDs, ["--format=json"], as: [String]?.self)?.map(Self.uri) ?? []
    }

    func grant(_ secret: Secret, relation: Relation, unit: UnitName?) throws {
        let id = try requireID(secret)
        let scope = unit.map { ["--unit", $0.description] } ?? []
        try caller.run(.secretGrant, ["--relation", String(relation.id.number)] + scope + [id], subject: id)
    }

    func revoke(_ secret: Secret, relation: Relation, unit: UnitName?) throws {
        let id = try requireID(secret)
        let scope = unit.map { ["--unit", $0.description] } ?? []
        try caller.run(.secretRevoke, ["--relation", String(relation.id.number)] + scope + [id], subject: id)
    }

    func remove(_ secret: Secret, revision: Int?) throws {
        let id = try requireID(secret)
        let which = revision.map { ["--revision", String($0)] } ?? []
        try caller.run(.secretRemove, [id] + which, subject: id)
        contents = contents.filter { $0.key.name != Self.cacheName(secret) }
    }

    /// In this dispatch the writer sees what it wrote, as the agent would answer with refresh.
    private func remember(_ secret: Secret, _ content: [String: String]) {
        for name in [secret.id, secret.label].compactMap({ $0 }) {
            contents[Key(name: name, peeked: false)] = content
            contents[Key(name: name, peeked: true)] = content
        }
    }

    private func requireID(_ secret: Secret) throws -> String {
        if let id = secret.id { return id }
        do throws(HookToolError) {
            return try info(secret).id
        } catch {
            guard error.kind == .secretNotFound else { throw error }
            throw SecretError.idUnknown(label: secret.label ?? "")
        }
    }

    private func metadata(
        label: String?,
        description: String?,
        rotation: SecretRotation?,
        expiry: String?
    ) -> [String] {
        var arguments: [String] = []
        if let label { arguments += ["--label", label] }
        if let description { arguments += ["--description", description] }
        if let expiry { arguments += ["--expire", expiry] }
        if let rotation { arguments += ["--rotate", rotation.rawValue] }
        return arguments
    }

    private static func cacheName(_ secret: Secret) -> String { secret.id ?? secret.label ?? "" }

    private static func uri(_ id: String) -> String { id.hasPrefix("secret:") ? id : "secret:\(id)" }
}
