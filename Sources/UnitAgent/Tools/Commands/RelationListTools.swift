// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `relation-ids`: the relations of an endpoint.
enum RelationIDsTool: HookToolCommand {
    static let name = ToolName.relationIDs
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        guard let endpoint = call.flags.arguments.first ?? call.event.relation?.id.endpoint else {
            throw ToolFailure.usage("no endpoint name specified")
        }
        let ids = try call.model.relations().filter { $0.id.endpoint == endpoint }.map(\.id.description).sorted()
        return try call.output(.array(ids.map(JSONValue.string)))
    }
}

/// `relation-list`: the remote units the charm knows in a relation, or the remote application.
enum RelationListTool: HookToolCommand {
    static let name = ToolName.relationList
    static let flags = FlagSet.output(switches: ["app"], values: ["relation"], short: ["r": "relation"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        let relation = try call.relation()
        if call.flags.isOn("app") { return try call.output(.string(relation.remoteApplication)) }
        // A unit is listed from its joined hook on, and no more in its departed hook.
        let units = relation.members.filter { member in
            switch call.event {
            case .relationJoined(let event) where isAbout(event, relation, member): true
            case .relationDeparted(let event) where isAbout(event, relation, member): false
            default: member.isJoined
            }
        }
        return try call.output(.array(units.map { .string($0.unit) }))
    }

    private static func isAbout(
        _ event: RelationEvent,
        _ relation: RelationState,
        _ member: RelationState.Member
    ) -> Bool { event.id.number == relation.number && event.remoteUnit?.description == member.unit }
}

/// `relation-model-get`: the model at the other end of a relation.
enum RelationModelGetTool: HookToolCommand {
    static let name = ToolName.relationModelGet
    static let flags = FlagSet.output(values: ["relation"], short: ["r": "relation"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        _ = try call.relation()
        return try call.output(.object(["uuid": .string(call.unit.modelUUID)]))
    }
}
