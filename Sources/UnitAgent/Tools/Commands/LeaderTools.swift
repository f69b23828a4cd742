// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `is-leader`: whether this unit leads its application.
enum IsLeaderTool: HookToolCommand {
    static let name = ToolName.isLeader
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        return try call.output(.bool(call.model.isLeader()))
    }
}

/// `leader-get`: the settings the leader left for the other units (Juju 3 and earlier).
enum LeaderGetTool: HookToolCommand {
    static let name = ToolName.leaderGet
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        let settings = try call.model.leaderSettings().mapValues(JSONValue.string)
        guard let key = call.flags.arguments.first, key != "-" else { return try call.output(.object(settings)) }
        return try call.output(settings[key] ?? .null)
    }
}

/// `leader-set`: changes the leader's settings, at once.
enum LeaderSetTool: HookToolCommand {
    static let name = ToolName.leaderSet
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.requireLeader("write leadership settings")
        for (key, value) in try call.flags.assignments() {
            call.immediate.append(.leaderSetting(key: key, value: value.isEmpty ? nil : value))
        }
        return ""
    }
}
