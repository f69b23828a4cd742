// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `secret-add`: makes a secret; it exists once the hook succeeds, its id is told at once.
enum SecretAddTool: HookToolCommand {
    static let name = ToolName.secretAdd
    static let flags = FlagSet(values: ["label", "description", "expire", "rotate", "owner", "file"])

    static func run(_ call: inout ToolCall) throws -> String {
        let content = try SecretText.content(call, from: 0)
        guard !content.isEmpty else { throw ToolFailure.usage("missing secret value or filename") }
        let word = call.flags["owner"] ?? "application"
        guard word == "application" || word == "unit" else {
            throw ToolFailure.usage("secret owner \"\(word)\" not valid")
        }
        if word == "application" { try call.requireLeader("add a secret of the application") }
        let label = call.flags["label"].flatMap { $0.isEmpty ? nil : $0 }
        if let label, try call.ownedSecret(label: label) != nil {
            throw ToolFailure("secret with label \"\(label)\" already exists")
        }
        let rotate = try call.flags["rotate"].map(SecretText.rotation) ?? .never
        let secret = SecretState(
            id: SecretText.newID(),
            ownerKind: word == "unit" ? .unit : .application,
            owner: word == "unit" ? call.unit.unitName : call.unit.application,
            label: label,
            description: call.flags["description"],
            rotate: rotate,
            nextRotate: rotate.interval.map { call.now.seconds + $0 }
        )
        let expires = try call.flags["expire"].map { try SecretText.expiry($0, now: call.now) }
        call.buffered.append(.addSecret(secret, SecretRevision(revision: 1, content: content, expires: expires)))
        return SecretText.uri(secret.id) + "\n"
    }
}

/// `secret-set`: changes an owned secret; a content that differs makes a new revision; buffered.
enum SecretSetTool: HookToolCommand {
    static let name = ToolName.secretSet
    static let flags = FlagSet(values: ["label", "description", "expire", "rotate", "owner", "file"])

    static func run(_ call: inout ToolCall) throws -> String {
        var secret = try call.ownedSecret(try call.flags.first("secret URI"))
        let content = try SecretText.content(call, from: 1)
        guard let latest = try call.model.revisions(ofSecret: secret.id).last else {
            throw ToolFailure("secret \"\(secret.id)\" not found")
        }
        if let label = call.flags["label"] {
            if let other = try call.ownedSecret(label: label), other.id != secret.id {
                throw ToolFailure("secret with label \"\(label)\" already exists")
            }
            secret.label = label
        }
        if let description = call.flags["description"] { secret.description = description }
        let isNew = !content.isEmpty && content != latest.content
        if let word = call.flags["rotate"] {
            let policy = try SecretText.rotation(word)
            if policy != secret.rotate { secret.nextRotate = policy.interval.map { call.now.seconds + $0 } }
            secret.rotate = policy
        }
        if isNew { secret.nextRotate = secret.rotate.interval.map { call.now.seconds + $0 } }
        let expires = try call.flags["expire"].map { try SecretText.expiry($0, now: call.now) }
        let revision = SecretRevision(revision: latest.revision + 1, content: content, expires: expires)
        call.buffered.append(.changeSecret(secret, isNew ? revision : nil))
        if !isNew, let expires {
            call.buffered.append(.expireSecret(id: secret.id, revision: latest.revision, expires: expires))
        }
        return ""
    }
}

/// `secret-remove`: removes an owned secret or one revision of it; buffered.
enum SecretRemoveTool: HookToolCommand {
    static let name = ToolName.secretRemove
    static let flags = FlagSet(values: ["revision"])

    static func run(_ call: inout ToolCall) throws -> String {
        let secret = try call.ownedSecret(try call.flags.first("secret URI"))
        try call.flags.refuse(moreThan: 1)
        guard let text = call.flags["revision"] else {
            call.buffered.append(.removeSecret(id: secret.id, revision: nil))
            return ""
        }
        guard let revision = Int(text), revision > 0 else {
            throw ToolFailure.usage("invalid value \"\(text)\" for option --revision: a whole number above 0")
        }
        guard try call.model.revisions(ofSecret: secret.id).contains(where: { $0.revision == revision }) else {
            throw ToolFailure("secret revision \"\(secret.id)/\(revision)\" not found")
        }
        call.buffered.append(.removeSecret(id: secret.id, revision: revision))
        return ""
    }
}
