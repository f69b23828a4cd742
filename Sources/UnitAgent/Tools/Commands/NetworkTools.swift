// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `network-get`: the addresses of a binding.
enum NetworkGetTool: HookToolCommand {
    static let name = ToolName.networkGet
    static let flags = FlagSet.output(
        switches: ["bind-address", "ingress-address", "egress-subnets", "primary-address"],
        values: ["relation"],
        short: ["r": "relation"]
    )

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        let binding = try call.flags.first("binding name")
        if call.flags["relation"] != nil { _ = try call.relation() }
        guard
            call.charm.endpoint(binding) != nil || call.charm.extraBindings.contains(binding) || binding == "juju-info"
        else { throw ToolFailure("no network config found for binding \"\(binding)\"") }
        let address = call.unit.address
        let subnet = "\(address)/\(address.contains(":") ? 128 : 32)"
        let parts: [(flag: String, value: JSONValue)] = [
            ("bind-address", .string(address)), ("primary-address", .string(address)),
            ("egress-subnets", .array([.string(subnet)])), ("ingress-address", .string(address)),
        ].filter { call.flags.isOn($0.0) }
        switch parts.count {
        case 0: return try call.output(whole(address: address, subnet: subnet))
        case 1: return try call.output(parts[0].value)
        default: return try call.output(.object(Dictionary(uniqueKeysWithValues: parts.map { ($0.flag, $0.value) })))
        }
    }

    private static func whole(address: String, subnet: String) -> JSONValue {
        let entry: JSONValue = .object([
            "hostname": "", "value": .string(address), "cidr": .string(subnet), "address": .string(address),
        ])
        let isLoopback = address.hasPrefix("127.") || address == "::1"
        let interface: JSONValue = .object([
            "mac-address": "", "interface-name": .string(isLoopback ? "lo" : "eth0"), "addresses": .array([entry]),
        ])
        return .object([
            "bind-addresses": .array([interface]), "egress-subnets": .array([.string(subnet)]),
            "ingress-addresses": .array([.string(address)]),
        ])
    }
}

/// `unit-get`: one address of the unit.
enum UnitGetTool: HookToolCommand {
    static let name = ToolName.unitGet
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        let setting = try call.flags.first("setting")
        try call.flags.refuse(moreThan: 1)
        guard setting == "private-address" || setting == "public-address" else {
            throw ToolFailure.usage("unknown setting \"\(setting)\"")
        }
        return try call.output(.string(call.unit.address))
    }
}
