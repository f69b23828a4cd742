// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension FakeAgent {
    func relationTool(_ tool: ToolName, _ arguments: [String], _ input: [UInt8]) throws -> String {
        let parsed = ToolArguments(arguments, switches: tool.switches)
        if tool == .relationIDs {
            let endpoint = parsed.positionals.first ?? ""
            let ids = world.relations.filter { $0.endpoint == endpoint }.map(\.relationID.description)
            return try json(ids.sorted())
        }
        let index = try relationIndex(parsed.flags["-r"])
        switch tool {
        case .relationList:
            let relation = world.relations[index]
            if parsed.isOn("--app") { return try json(relation.remoteApplication) }
            return try json(relation.remoteUnitsData.keys.sorted().map(\.description))
        case .relationModelGet:
            return try json(["uuid": world.relations[index].remoteModelUUID ?? world.model.uuid])
        case .relationGet:
            let values = try databag(
                of: parsed.positionals.dropFirst().first ?? "",
                isApplication: parsed.isOn("--app"),
                world.relations[index]
            )
            guard let key = parsed.positionals.first, key != "-" else { return try json(values) }
            return try json(values[key])
        default:
            try write(parsed, input, index)
            return ""
        }
    }

    private func relationIndex(_ text: String?) throws -> Int {
        let number = text.flatMap { RelationID($0)?.number ?? Int($0) } ?? event.relation?.id.number
        guard let number else { throw Refusal(message: "no relation id specified", exitCode: 2) }
        guard let index = world.relations.firstIndex(where: { $0.id == number }) else {
            throw Refusal(message: "invalid value \"\(text ?? "")\" for option -r: relation not found", exitCode: 2)
        }
        return index
    }

    private func databag(
        of name: String,
        isApplication: Bool,
        _ relation: RelationState
    ) throws -> [String: String] {
        if isApplication {
            if name == world.unit.application {
                // Only in a peer relation may every unit read what its leader wrote.
                guard world.isLeader || relation.isPeer else { throw Refusal(message: "permission denied") }
                return relation.ownApplicationData
            }
            guard name == relation.remoteApplication else { throw Refusal(message: "permission denied") }
            return relation.remoteApplicationData
        }
        guard let unit = UnitName(name) else { throw Refusal(message: "\"\(name)\" is not a valid unit") }
        if unit == world.unit { return relation.ownUnitData }
        guard unit.application == relation.remoteApplication else { throw Refusal(message: "permission denied") }
        // What a unit that left wrote stays readable until the relation ends.
        if let values = relation.remoteUnitsData[unit] ?? relation.departedUnitsData[unit] { return values }
        let text =
            "cannot read settings for unit \"\(unit)\" in relation \"\(relation.relationID)\": settings not found"
        throw Refusal(message: text)
    }

    private func write(_ parsed: ToolArguments, _ input: [UInt8], _ index: Int) throws {
        let values = try values(parsed, input)
        let isApplication = parsed.isOn("--app")
        guard !isApplication || world.isLeader else { throw Refusal(message: "cannot write relation settings") }
        for (key, value) in values {
            let stored = value.isEmpty ? nil : value
            if isApplication {
                world.relations[index].ownApplicationData[key] = stored
            } else {
                world.relations[index].ownUnitData[key] = stored
            }
        }
    }

    func networkTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        let parsed = ToolArguments(arguments, switches: tool.switches)
        switch tool {
        case .openedPorts:
            return try json(world.openedPorts.sorted().map(\.description))
        case .openPort, .closePort:
            for text in parsed.positionals {
                guard let port = PortRange(text) else {
                    throw Refusal(message: "invalid port \"\(text)\"", exitCode: 2)
                }
                guard tool == .openPort else {
                    world.openedPorts.remove(port)
                    continue
                }
                if let other = world.openedPorts.sorted().first(where: { $0 != port && $0.overlaps(port) }) {
                    throw Refusal(message: "cannot open \(port): port range conflicts with \(other)")
                }
                world.openedPorts.insert(port)
            }
            return ""
        default:
            let binding = parsed.positionals.first ?? ""
            if let declaration, declaration.endpoints[binding] == nil, !declaration.extraBindings.contains(binding) {
                throw Refusal(message: "no network config found for binding \"\(binding)\"")
            }
            let info =
                world.networks[binding]
                ?? NetworkInfo(
                    bindAddresses: [NetworkInfo.Address(interface: "eth0", value: "192.0.2.0", cidr: "192.0.2.0/24")],
                    ingressAddresses: ["192.0.2.0"],
                    egressSubnets: ["192.0.2.0/24"]
                )
            return try json(NetworkAnswer(info))
        }
    }
}

/// The answer of `network-get` as Juju writes it.
private struct NetworkAnswer: Encodable {
    struct Interface: Encodable {
        let name: String
        let hardwareAddress = ""
        let addresses: [[String: String]]

        enum CodingKeys: String, CodingKey {
            case name = "interface-name"
            case hardwareAddress = "mac-address"
            case addresses
        }
    }

    let bindAddresses: [Interface]
    let ingressAddresses: [String]
    let egressSubnets: [String]

    enum CodingKeys: String, CodingKey {
        case bindAddresses = "bind-addresses"
        case ingressAddresses = "ingress-addresses"
        case egressSubnets = "egress-subnets"
    }

    init(_ info: NetworkInfo) {
        bindAddresses = info.bindAddresses.map {
            let entry = ["hostname": "", "value": $0.value, "cidr": $0.cidr, "address": $0.value]
            return Interface(name: $0.interface, addresses: [entry])
        }
        ingressAddresses = info.ingressAddresses
        egressSubnets = info.egressSubnets
    }
}
