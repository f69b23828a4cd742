// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `config-get`: the configuration in force.
enum ConfigGetTool: HookToolCommand {
    static let name = ToolName.configGet
    static let flags = FlagSet.output(switches: ["all"], short: ["a": "all"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        let key = call.flags.arguments.first
        let user = try call.context.userConfig ?? call.model.userConfig()
        call.context.userConfig = user
        let values = call.charm.effectiveConfig(user: user).mapValues(\.json)
        if let key {
            guard !call.flags.isOn("all") else {
                throw ToolFailure.usage("cannot use argument --all together with key \"\(key)\"")
            }
            return try call.output(values[key] ?? .null)
        }
        var shown = values
        if call.flags.isOn("all") {
            for option in call.charm.options where shown[option.name] == nil { shown[option.name] = .null }
        }
        return try call.output(.object(shown))
    }
}
