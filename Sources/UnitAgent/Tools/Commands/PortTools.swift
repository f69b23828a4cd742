// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `open-port`: opens ports, for all endpoints or some; buffered.
enum OpenPortTool: HookToolCommand {
    static let name = ToolName.openPort
    static let flags = FlagSet(values: ["endpoints", "format"])

    static func run(_ call: inout ToolCall) throws -> String {
        let ports = try requestedPorts(call)
        let opened = try call.model.openedPorts()
        for port in ports where !opened.contains(port) {
            if let other = opened.map(\.range).sorted().first(where: { $0.conflicts(with: port.range) }) {
                let unit = call.unit.unitName
                throw ToolFailure(
                    "cannot open \(port.range) (unit \"\(unit)\"): port range conflicts with \(other) (unit \"\(unit)\")"
                )
            }
            call.buffered.append(.openPort(port))
        }
        return ""
    }
}

/// `close-port`: closes ports; buffered.
///
/// Closing what is not open is no error.
enum ClosePortTool: HookToolCommand {
    static let name = ToolName.closePort
    static let flags = FlagSet(values: ["endpoints", "format"])

    static func run(_ call: inout ToolCall) throws -> String {
        for port in try requestedPorts(call) { call.buffered.append(.closePort(port)) }
        return ""
    }
}

/// `opened-ports`: the ports open now, the hook's own changes included.
enum OpenedPortsTool: HookToolCommand {
    static let name = ToolName.openedPorts
    static let flags = FlagSet.output(switches: ["endpoints"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 0)
        let byRange = Dictionary(grouping: try call.model.openedPorts(), by: \.range)
        let lines = byRange.keys.sorted().map { range in
            guard call.flags.isOn("endpoints") else { return range.description }
            let endpoints = (byRange[range] ?? []).map { $0.endpoint.isEmpty ? "*" : $0.endpoint }.sorted()
            return "\(range) (\(endpoints.joined(separator: ", ")))"
        }
        return try call.output(.array(lines.map(JSONValue.string)))
    }
}

private func requestedPorts(_ call: ToolCall) throws -> [OpenedPort] {
    let text = try call.flags.first("port or range")
    try call.flags.refuse(moreThan: 1)
    guard let range = PortRange(text) else {
        throw ToolFailure.usage(
            "expected <port>[/<protocol>] or <from>-<to>[/<protocol>] or icmp; got \"\(text)\""
        )
    }
    guard let list = call.flags["endpoints"], !list.isEmpty else {
        return [OpenedPort(range: range, endpoint: OpenedPort.allEndpoints)]
    }
    return try list.split(separator: ",").map { endpoint in
        guard call.charm.endpoint(String(endpoint)) != nil else {
            throw ToolFailure("endpoint \"\(endpoint)\" not found")
        }
        return OpenedPort(range: range, endpoint: String(endpoint))
    }
}
