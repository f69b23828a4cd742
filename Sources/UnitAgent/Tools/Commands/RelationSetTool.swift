// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `relation-set`: changes the unit's or, as leader, the application's databag; buffered.
enum RelationSetTool: HookToolCommand {
    static let name = ToolName.relationSet
    static let flags = FlagSet(
        switches: ["app"],
        values: ["relation", "file", "format"],
        short: ["r": "relation"]
    )

    static func run(_ call: inout ToolCall) throws -> String {
        let relation = try call.relation()
        var changes = try call.keyedTexts("file").mapValues { $0.isEmpty ? nil : $0 }
        for (key, value) in try call.flags.assignments() { changes[key] = .some(value.isEmpty ? nil : value) }
        if call.flags.isOn("app") { try call.requireLeader("write relation application settings") }
        guard !changes.isEmpty else { return "" }
        let entity = call.flags.isOn("app") ? call.unit.application : call.unit.unitName
        call.buffered.append(.databag(relation: relation.number, entity: entity, changes: changes))
        return ""
    }
}
