// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `relation-get`: a databag, or one key of it.
enum RelationGetTool: HookToolCommand {
    static let name = ToolName.relationGet
    static let flags = FlagSet.output(switches: ["app"], values: ["relation"], short: ["r": "relation"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 2)
        let relation = try call.relation()
        let arguments = call.flags.arguments
        let key = arguments.first.flatMap { $0 == "-" || $0.isEmpty ? nil : $0 }
        let named = arguments.count > 1 ? arguments[1] : nil
        let entity = try call.flags.isOn("app") ? application(named, relation) : unit(named, relation, call)
        let databag = try read(entity, relation, call).mapValues(JSONValue.string)
        guard let key else { return try call.output(.object(databag)) }
        return try call.output(databag[key] ?? .null)
    }

    private static func application(_ named: String?, _ relation: RelationState) -> String {
        guard let named else { return relation.remoteApplication }
        return UnitName(named)?.application ?? named
    }

    private static func unit(_ named: String?, _ relation: RelationState, _ call: ToolCall) throws -> String {
        if let named {
            guard UnitName(named) != nil else {
                throw ToolFailure.usage("expected unit name, got application name \"\(named)\"")
            }
            return named
        }
        guard let event = call.event.relation, event.id.number == relation.number else {
            throw ToolFailure.usage("no unit id specified")
        }
        // In a hook about the remote application's databag that is what is read without a name.
        return event.remoteUnit?.description ?? event.remoteApplication ?? relation.remoteApplication
    }

    private static func read(_ entity: String, _ relation: RelationState, _ call: ToolCall) throws -> [String: String] {
        let owner = UnitName(entity)?.application ?? entity
        guard owner == relation.remoteApplication || owner == call.unit.application else {
            throw ToolFailure("permission denied")
        }
        // What the application says to another one is the leader's to see.
        guard try entity != call.unit.application || relation.isPeer || call.model.isLeader() else {
            throw ToolFailure("permission denied")
        }
        if let databag = try call.model.databag(relation.number, of: entity) { return databag }
        if UnitName(entity) == nil { return [:] }
        throw ToolFailure(
            "cannot read settings for unit \"\(entity)\" in relation \"\(relation.id)\": unit \"\(entity)\": settings not found"
        )
    }
}
