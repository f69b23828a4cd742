// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `secret-info-get`: what an owned secret is, without its content.
enum SecretInfoGetTool: HookToolCommand {
    static let name = ToolName.secretInfoGet
    static let flags = FlagSet.output(values: ["label"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        let secret = try secret(call)
        let latest = try call.model.revisions(ofSecret: secret.id).last
        var members: [String: JSONValue] = [
            "revision": .integer(Int64(latest?.revision ?? 0)),
            "owner": .string(secret.ownerKind.rawValue),
            "rotation": .string(secret.rotate.rawValue),
        ]
        if let label = secret.label { members["label"] = .string(label) }
        if let description = secret.description, !description.isEmpty { members["description"] = .string(description) }
        if let expires = latest?.expires { members["expiry"] = .string(Timestamp(seconds: expires).description) }
        if let next = secret.nextRotate { members["rotates"] = .string(Timestamp(seconds: next).description) }
        let access = try access(to: secret, call)
        if !access.isEmpty { members["access"] = .array(access) }
        return try call.output(.object([secret.id: .object(members)]))
    }

    private static func secret(_ call: ToolCall) throws -> SecretState {
        switch (call.flags.arguments.first, call.flags["label"]) {
        case (.some, .some): throw ToolFailure.usage("specify either a secret URI or label but not both")
        case (.some(let text), nil): return try call.ownedSecret(text)
        case (nil, .some(let label)):
            guard let secret = try call.ownedSecret(label: label) else {
                throw ToolFailure("secret with label \"\(label)\" not found")
            }
            return secret
        case (nil, nil): throw ToolFailure.usage("require either a secret URI or label")
        }
    }

    private static func access(to secret: SecretState, _ call: ToolCall) throws -> [JSONValue] {
        let grants = try call.model.grants().filter { $0.secret == secret.id }
        return try grants.sorted { ($0.relation, $0.target) < ($1.relation, $1.target) }.map { grant in
            let scope = try call.model.relation(grant.relation).map { "\($0.id)" } ?? "\(grant.relation)"
            let target = UnitName(grant.target).map { "unit-\($0.application)-\($0.number)" }
            return .object([
                "target": .string(target ?? "application-\(grant.target)"), "scope": .string("relation-\(scope)"),
                "role": "view",
            ])
        }
    }
}

/// `secret-ids`: the secrets the unit and its application own.
enum SecretIDsTool: HookToolCommand {
    static let name = ToolName.secretIDs
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        let ids = try call.model.secrets().filter { call.owns($0) }.map { JSONValue.string($0.id) }
        return try call.output(.array(ids))
    }
}
