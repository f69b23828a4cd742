// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `secret-get`: the content of a secret the unit may read.
///
/// The first read tracks the newest revision, later ones give the tracked one; `--refresh` tracks the newest,
/// `--peek` only shows it.
enum SecretGetTool: HookToolCommand {
    static let name = ToolName.secretGet
    static let flags = FlagSet.output(switches: ["refresh", "peek"], values: ["label"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 2)
        if call.flags.isOn("refresh"), call.flags.isOn("peek") {
            throw ToolFailure.usage("specify one of --refresh or --peek but not both")
        }
        let secret = try secret(call)
        try checkAccess(to: secret, call)
        let revisions = try call.model.revisions(ofSecret: secret.id)
        guard let latest = revisions.last else { throw ToolFailure("secret \"\(secret.id)\" not found") }
        let old = try call.model.tracking(ofSecret: secret.id)
        var tracking = old ?? SecretTracking(revision: latest.revision, toldRevision: latest.revision)
        if call.flags.isOn("refresh") { tracking.revision = latest.revision }
        if let label = call.flags["label"], !label.isEmpty, !call.flags.arguments.isEmpty {
            if let other = try call.model.trackedSecret(label: label), other != secret.id {
                throw ToolFailure("secret with label \"\(label)\" already exists")
            }
            tracking.label = label
        }
        let wanted = call.flags.isOn("peek") ? latest.revision : tracking.revision
        guard let revision = revisions.first(where: { $0.revision == wanted }) else {
            throw ToolFailure("secret revision \"\(secret.id)/\(wanted)\" not found")
        }
        // A look at the newest is no beginning of tracking.
        if tracking != old, !(call.flags.isOn("peek") && old == nil && tracking.label == nil) {
            record(tracking, of: secret.id, &call)
        }
        return try printed(revision.content, call)
    }

    private static func secret(_ call: ToolCall) throws -> SecretState {
        if let text = call.flags.arguments.first {
            let id = try SecretText.id(text)
            guard let secret = try call.model.secret(id) else { throw ToolFailure("secret \"\(id)\" not found") }
            return secret
        }
        guard let label = call.flags["label"], !label.isEmpty else {
            throw ToolFailure.usage("require either a secret URI or label")
        }
        if let id = try call.model.trackedSecret(label: label), let secret = try call.model.secret(id) { return secret }
        guard let secret = try call.ownedSecret(label: label) else {
            throw ToolFailure("consumer label \"\(label)\" not found")
        }
        return secret
    }

    private static func checkAccess(to secret: SecretState, _ call: ToolCall) throws {
        // The agent has one application, so what the operator makes is made for it.
        if call.owns(secret) || secret.ownerKind == .user { return }
        let isGranted = try call.model.grants().contains {
            $0.secret == secret.id && ($0.target == call.unit.application || $0.target == call.unit.unitName)
        }
        guard isGranted else { throw ToolFailure("permission denied") }
    }

    /// Tracking takes effect at once, except of what the hook has not committed yet: that is tracked with it.
    private static func record(_ tracking: SecretTracking, of id: String, _ call: inout ToolCall) {
        let isPending = call.context.writes.contains { write in
            switch write {
            case .addSecret(let secret, _): secret.id == id
            case .changeSecret(let secret, .some(let revision)):
                secret.id == id && revision.revision == tracking.revision
            default: false
            }
        }
        if isPending || !call.committedSecrets.contains(id) {
            call.buffered.append(.track(secret: id, tracking))
        } else {
            call.immediate.append(.track(secret: id, tracking))
        }
    }

    private static func printed(_ content: [String: String], _ call: ToolCall) throws -> String {
        guard call.flags.arguments.count > 1 else {
            return try call.output(.object(content.mapValues(JSONValue.string)))
        }
        let key = call.flags.arguments[1]
        guard let value = content[key] else { throw ToolFailure("secret key value \"\(key)\" not found") }
        return try call.output(.string(value))
    }
}
