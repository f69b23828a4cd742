// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `action-get`: the parameters of the running action, or one by its dotted name.
enum ActionGetTool: HookToolCommand {
    static let name = ToolName.actionGet
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        guard let task = try call.model.task(try runningTask(call)) else { throw ToolFailure("action not found") }
        guard let key = call.flags.arguments.first else { return try call.output(task.parameters) }
        let value = key.split(separator: ".").reduce(JSONValue?.some(task.parameters)) { $0?[String($1)] }
        return try call.output(value ?? .null)
    }
}

/// `action-set`: adds results of the running action, kept until it ends.
enum ActionSetTool: HookToolCommand {
    static let name = ToolName.actionSet
    static let flags = FlagSet()

    private static let reserved: Set<String> = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"]

    static func run(_ call: inout ToolCall) throws -> String {
        _ = try runningTask(call)
        for (key, value) in try call.flags.assignments() {
            if reserved.contains(key) { throw ToolFailure.usage("cannot set reserved action key \"\(key)\"") }
            for part in key.split(separator: ".", omittingEmptySubsequences: false) where !isValid(part) {
                throw ToolFailure.usage(
                    "key \"\(part)\" must start and end with lowercase alphanumeric, and contain only lowercase "
                        + "alphanumeric and hyphens"
                )
            }
            call.context.outcome.results[key] = value
        }
        return ""
    }

    private static func isValid(_ part: Substring) -> Bool {
        let bytes = part.utf8
        guard let first = bytes.first, let last = bytes.last, first != 0x2d, last != 0x2d else { return false }
        return bytes.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }
}

/// `action-log`: a progress line of the running action, shown at once.
enum ActionLogTool: HookToolCommand {
    static let name = ToolName.actionLog
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        let task = try runningTask(call)
        guard !call.flags.arguments.isEmpty else { throw ToolFailure.usage("no message specified") }
        call.immediate.append(.taskLog(task: task, line: call.flags.arguments.joined(separator: " ")))
        return ""
    }
}

/// `action-fail`: has the running action end as failed; what it buffered is committed all the same.
enum ActionFailTool: HookToolCommand {
    static let name = ToolName.actionFail
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        _ = try runningTask(call)
        try call.flags.refuse(moreThan: 1)
        call.context.outcome.failure =
            call.flags.arguments.first ?? "action failed without reason given, check action for errors"
        return ""
    }
}

private func runningTask(_ call: ToolCall) throws(ToolFailure) -> Int {
    guard let task = call.context.task else { throw ToolFailure("not running an action") }
    return task
}
