// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `state-get`: the unit's stored state, or one key of it.
enum StateGetTool: HookToolCommand {
    static let name = ToolName.stateGet
    static let flags = FlagSet.output(switches: ["strict"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        let state = try call.model.state()
        guard let key = call.flags.arguments.first, key != "-" else {
            return try call.output(.object(state.mapValues(JSONValue.string)))
        }
        if state[key] == nil, call.flags.isOn("strict") { throw ToolFailure("\"\(key)\" not found") }
        // An absent key prints an empty line, so that a charm can tell it from a broken tool.
        if state[key] == nil, call.flags["format"] == nil { return "\n" }
        return try call.output(state[key].map(JSONValue.string) ?? .null)
    }
}

/// `state-set`: changes the unit's stored state; buffered.
enum StateSetTool: HookToolCommand {
    static let name = ToolName.stateSet
    static let flags = FlagSet(values: ["file"])

    private static let longestKey = 256
    private static let longestValue = 64 << 10

    static func run(_ call: inout ToolCall) throws -> String {
        var values = try call.keyedTexts("file")
        for (key, value) in try call.flags.assignments() { values[key] = value }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard key.utf8.count <= longestKey else {
                throw ToolFailure("max allowed key length (\(longestKey)) exceeded")
            }
            guard value.utf8.count <= longestValue else {
                throw ToolFailure("max allowed length (\(longestValue)) for key \"\(key)\" value exceeded")
            }
            call.buffered.append(.state(key: key, value: value))
        }
        return ""
    }
}

/// `state-delete`: removes a key of the unit's stored state; buffered.
enum StateDeleteTool: HookToolCommand {
    static let name = ToolName.stateDelete
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        let key = try call.flags.first("key")
        try call.flags.refuse(moreThan: 1)
        call.buffered.append(.state(key: key, value: nil))
        return ""
    }
}
