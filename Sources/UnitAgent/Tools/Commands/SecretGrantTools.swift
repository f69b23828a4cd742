// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `secret-grant`: lets the other end of a relation read an owned secret; buffered.
enum SecretGrantTool: HookToolCommand {
    static let name = ToolName.secretGrant
    static let flags = FlagSet(values: ["relation", "unit"], short: ["r": "relation"])

    static func run(_ call: inout ToolCall) throws -> String {
        let secret = try call.ownedSecret(try call.flags.first("secret URI"))
        try call.flags.refuse(moreThan: 1)
        let relation = try call.relation(shown: "--relation")
        let target = call.flags["unit"] ?? relation.remoteApplication
        guard UnitName(target)?.application ?? target == relation.remoteApplication else {
            throw ToolFailure.usage("unit \"\(target)\" is not in relation \(relation.id)")
        }
        let ofSecret = try call.model.grants().filter { $0.secret == secret.id && $0.relation == relation.number }
        if call.flags["unit"] == nil, ofSecret.contains(where: { UnitName($0.target) != nil }) {
            throw ToolFailure("secret \"\(secret.id)\" is granted to a unit of the relation: revoke that first")
        }
        call.buffered.append(.grant(SecretGrant(secret: secret.id, relation: relation.number, target: target)))
        return ""
    }
}

/// `secret-revoke`: takes grants of an owned secret back; buffered.
enum SecretRevokeTool: HookToolCommand {
    static let name = ToolName.secretRevoke
    static let flags = FlagSet(
        values: ["relation", "app", "application", "unit"],
        short: ["r": "relation"]
    )

    static func run(_ call: inout ToolCall) throws -> String {
        let secret = try call.ownedSecret(try call.flags.first("secret URI"))
        try call.flags.refuse(moreThan: 1)
        let relation = try call.flags["relation"].map { try call.relation(named: $0, shown: "--relation") }
        let application = call.flags["app"] ?? call.flags["application"]
        let unit = call.flags["unit"]
        for grant in try call.model.grants() where grant.secret == secret.id {
            if let relation, grant.relation != relation.number { continue }
            if let application, UnitName(grant.target)?.application ?? grant.target != application { continue }
            if let unit, grant.target != unit { continue }
            call.buffered.append(.revoke(grant))
        }
        return ""
    }
}
