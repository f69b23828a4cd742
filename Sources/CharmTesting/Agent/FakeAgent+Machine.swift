// SPDX-License-Identifier: Apache-2.0

import CharmKit

/// A reboot a charm asked for.
public enum Reboot: Sendable, Hashable {
    /// Once the hook has ended well.
    case afterHook
    /// At once, the hook to be run again.
    case now
}

extension FakeAgent {
    func machineTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        let parsed = ToolArguments(arguments, switches: tool.switches)
        switch tool {
        case .unitGet:
            let setting = parsed.positionals.first ?? ""
            guard let kind = UnitAddress(rawValue: setting) else {
                throw Refusal(message: "unknown setting \"\(setting)\"", exitCode: 2)
            }
            return try json(world.addresses[kind] ?? "")
        case .credentialGet:
            guard let cloud = world.cloud else {
                throw Refusal(message: "cannot access cloud credentials: permission denied")
            }
            return try json(cloud)
        case .jujuReboot:
            if event.isAction { throw Refusal(message: "juju-reboot is not supported when running an action.") }
            reboot = parsed.isOn("--now") ? .now : .afterHook
            return ""
        default:
            return try leaderTool(tool, parsed)
        }
    }

    private func leaderTool(_ tool: ToolName, _ parsed: ToolArguments) throws -> String {
        guard world.jujuVersion.major < 4 else {
            throw Refusal(message: "bad request: unknown command \"\(tool.rawValue)\"")
        }
        guard tool == .leaderSet else {
            guard let key = parsed.positionals.first, key != "-" else { return try json(world.leaderSettings) }
            return try json(world.leaderSettings[key])
        }
        guard world.isLeader else { throw Refusal(message: "cannot write leadership settings: not the leader") }
        for (key, value) in try values(parsed, []) { world.leaderSettings[key] = value.isEmpty ? nil : value }
        return ""
    }
}
