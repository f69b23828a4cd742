// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `resource-get`: the path of a resource's file.
enum ResourceGetTool: HookToolCommand {
    static let name = ToolName.resourceGet
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        let resource = try call.flags.first("resource")
        try call.flags.refuse(moreThan: 1)
        guard let path = try call.model.resource(resource)?.path ?? call.unit.resources[resource] else {
            throw ToolFailure("could not download resource: resource \"\(resource)\" not found")
        }
        return path
    }
}

/// `credential-get`: the cloud credential, where the agent's configuration has one for the application.
enum CredentialGetTool: HookToolCommand {
    static let name = ToolName.credentialGet
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        guard let cloud = call.unit.cloud else {
            throw ToolFailure("cannot access cloud credentials: permission denied")
        }
        return try call.output(cloud)
    }
}

/// `juju-reboot`: after the hook or at once, where the agent's configuration says how; refused elsewhere.
enum JujuRebootTool: HookToolCommand {
    static let name = ToolName.jujuReboot
    static let flags = FlagSet(switches: ["now"])

    static func run(_ call: inout ToolCall) throws -> String {
        if call.context.task != nil { throw ToolFailure("juju-reboot is not supported when running an action.") }
        guard call.unit.canReboot else {
            throw ToolFailure("juju-reboot is not supported here: the machine belongs to its operator")
        }
        call.context.reboot = call.flags.isOn("now") ? .now : .afterHook
        return ""
    }
}
