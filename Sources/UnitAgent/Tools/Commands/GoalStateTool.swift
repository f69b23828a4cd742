// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `goal-state`: the units and relations this unit may expect.
enum GoalStateTool: HookToolCommand {
    static let name = ToolName.goalState
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        let since = JSONValue.string(call.now.description)
        let own = try call.model.status(of: call.unit.unitName)
        let isDying = try call.model.flag(.dying)
        var endpoints: [String: [String: JSONValue]] = [:]
        var peers: [String: JSONValue] = [:]
        for member in try call.model.relations().filter(\.isPeer).flatMap(\.members) where member.isPresent {
            peers[member.unit] = .object(["status": "active", "since": since])
        }
        for relation in try call.model.relations() where !relation.isPeer {
            let word = relation.isDying ? "dying" : relation.isCreated ? "joined" : "joining"
            let status: JSONValue = .object(["status": .string(word), "since": since])
            endpoints[relation.id.endpoint, default: [:]][relation.remoteApplication] = status
            for member in relation.members where member.isPresent {
                endpoints[relation.id.endpoint, default: [:]][member.unit] = .object([
                    "status": "active", "since": since,
                ])
            }
        }
        let unit: JSONValue = .object([
            "status": .string(isDying ? "dying" : own?.status ?? "unknown"),
            "since": own.map { .string($0.since) } ?? since,
        ])
        return try call.output(
            .object([
                "units": .object(peers.merging([call.unit.unitName: unit]) { $1 }),
                "relations": .object(endpoints.mapValues { .object($0) }),
            ])
        )
    }
}
