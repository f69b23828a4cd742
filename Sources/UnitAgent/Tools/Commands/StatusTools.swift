// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `status-get`: the status of the unit, or of the application and its units.
enum StatusGetTool: HookToolCommand {
    static let name = ToolName.statusGet
    static let flags = FlagSet.output(switches: ["include-data", "application"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        let unit = try status(of: call.unit.unitName, call)
        guard call.flags.isOn("application") else {
            return try call.output(call.flags.isOn("include-data") ? unit : unit["status"] ?? .null)
        }
        try call.requireLeader("find the application's status")
        let application = try status(of: call.unit.application, call)
        guard call.flags.isOn("include-data"), var members = Dictionary(application) else {
            return try call.output(application["status"] ?? .null)
        }
        members["units"] = .object([call.unit.unitName: unit])
        return try call.output(.object(["application-status": .object(members)]))
    }

    private static func status(of entity: String, _ call: ToolCall) throws -> JSONValue {
        let status = try call.model.status(of: entity)
        return .object([
            "status": .string(status?.status ?? "unknown"), "message": .string(status?.message ?? ""),
            "status-data": .object([:]),
        ])
    }
}

extension [String: JSONValue] {
    fileprivate init?(_ value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        self = members
    }
}

/// `status-set`: sets the status of the unit or the application, at once.
enum StatusSetTool: HookToolCommand {
    static let name = ToolName.statusSet
    static let flags = FlagSet(switches: ["application"])

    private static let settable = ["maintenance", "blocked", "waiting", "active"]

    static func run(_ call: inout ToolCall) throws -> String {
        guard let status = call.flags.arguments.first else {
            throw ToolFailure.usage("invalid args, require <status> [message]")
        }
        guard settable.contains(status) else {
            let words = settable.joined(separator: " ")
            throw ToolFailure.usage("invalid status \"\(status)\", expected one of [\(words)]")
        }
        try call.flags.refuse(moreThan: 2)
        if call.flags.isOn("application") { try call.requireLeader("set the application's status") }
        let message = call.flags.arguments.count == 2 ? call.flags.arguments[1] : ""
        let entity = call.flags.isOn("application") ? call.unit.application : call.unit.unitName
        call.immediate.append(.status(entity: entity, status: status, message: message, time: call.now))
        return ""
    }
}

/// `application-version-set`: says which version of the workload runs, at once.
enum ApplicationVersionSetTool: HookToolCommand {
    static let name = ToolName.applicationVersionSet
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        let version = try call.flags.first("version")
        try call.flags.refuse(moreThan: 1)
        call.immediate.append(.workloadVersion(version))
        return ""
    }
}
