// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `juju-log`: writes to the debug log.
enum JujuLogTool: HookToolCommand {
    static let name = ToolName.jujuLog
    static let flags = FlagSet(switches: ["debug"], values: ["log-level", "format"], short: ["l": "log-level"])

    static func run(_ call: inout ToolCall) throws -> String {
        guard !call.flags.arguments.isEmpty else { throw ToolFailure.usage("no message specified") }
        var level = call.flags.isOn("debug") ? LogLevel.debug : .info
        if let word = call.flags["log-level"] {
            if let known = LogLevel(rawValue: word.uppercased()) {
                level = known
            } else {
                call.logLines.append((.warning, "Specified log level of '\(word)' is not valid"))
            }
        }
        let text = call.flags.arguments.joined(separator: " ")
        let prefix = call.event.relation.map { "\($0.id): " } ?? ""
        call.logLines.append((level, prefix + text))
        return ""
    }
}
