// SPDX-License-Identifier: Apache-2.0

/// A range of ports, or the icmp protocol, opened to the outside.
public struct PortRange: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The lowest port; nil for icmp.
    public let first: Int?
    /// The highest port; nil for icmp.
    public let last: Int?
    /// `tcp`, `udp` or `icmp`.
    public let transport: String

    /// Creates the range of one port.
    ///
    /// - Parameters:
    ///   - port: The port.
    ///   - transport: `tcp` or `udp`.
    public init(_ port: Int, transport: String = "tcp") {
        first = port
        last = port
        self.transport = transport
    }

    /// Reads a range as Juju writes it, `80/tcp`, `80-90/udp` or `icmp`; nil when the text is not one.
    public init?(_ text: String) {
        if text == "icmp" {
            (first, last, transport) = (nil, nil, "icmp")
            return
        }
        // With endpoints Juju adds them in parentheses.
        let range = text.prefix { $0 != " " }.split(separator: "/")
        guard range.count == 2 else { return nil }
        let ports = range[0].split(separator: "-").map { Int($0) }
        guard let lowest = ports.first ?? nil, let highest = ports.last ?? nil, ports.count <= 2 else { return nil }
        (first, last, transport) = (lowest, highest, String(range[1]))
    }

    /// The range as Juju writes it.
    public var description: String {
        guard let first, let last else { return transport }
        return first == last ? "\(first)/\(transport)" : "\(first)-\(last)/\(transport)"
    }

    /// Orders as Juju lists ranges: by transport, then by first port.
    public static func < (left: PortRange, right: PortRange) -> Bool {
        (left.transport, left.first ?? 0, left.last ?? 0) < (right.transport, right.first ?? 0, right.last ?? 0)
    }
}

/// The addresses of a binding: where to listen, what to tell others, what others see.
public struct NetworkInfo: Sendable, Hashable {
    /// An address of an interface.
    public struct Address: Sendable, Hashable {
        /// The interface.
        public var interface: String
        /// The address, or a name.
        public var value: String
        /// The network in CIDR form; may be empty.
        public var cidr: String

        /// Creates an address.
        public init(interface: String, value: String, cidr: String) {
            self.interface = interface
            self.value = value
            self.cidr = cidr
        }
    }

    /// The addresses to listen on.
    public var bindAddresses: [Address]
    /// The addresses to give to the other side.
    public var ingressAddresses: [String]
    /// The networks this unit's connections come from.
    public var egressSubnets: [String]

    /// Creates the addresses of a binding.
    public init(bindAddresses: [Address], ingressAddresses: [String], egressSubnets: [String]) {
        self.bindAddresses = bindAddresses
        self.ingressAddresses = ingressAddresses
        self.egressSubnets = egressSubnets
    }

    /// The first address to listen on.
    public var bindAddress: String? { bindAddresses.first?.value }
    /// The first address to give to the other side; falls back on the one to listen on.
    public var ingressAddress: String? { ingressAddresses.first ?? bindAddress }
}

extension NetworkInfo: Decodable {
    private struct Interface: Decodable {
        let name: String?
        let addresses: [Entry]?

        enum CodingKeys: String, CodingKey {
            case name = "interface-name"
            case addresses
        }
    }

    private struct Entry: Decodable {
        let value: String?
        let address: String?
        let cidr: String?
    }

    private enum CodingKeys: String, CodingKey {
        case bindAddresses = "bind-addresses"
        case ingressAddresses = "ingress-addresses"
        case egressSubnets = "egress-subnets"
    }

    /// Reads the answer of `network-get`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let interfaces = try container.decodeIfPresent([Interface].self, forKey: .bindAddresses) ?? []
        bindAddresses = interfaces.flatMap { interface in
            (interface.addresses ?? []).compactMap { entry in
                // Juju before 2.9 says address only.
                (entry.value ?? entry.address).map {
                    Address(interface: interface.name ?? "", value: $0, cidr: entry.cidr ?? "")
                }
            }
        }
        ingressAddresses = try container.decodeIfPresent([String].self, forKey: .ingressAddresses) ?? []
        egressSubnets = try container.decodeIfPresent([String].self, forKey: .egressSubnets) ?? []
    }
}

/// What the model expects: the units of this application and what its endpoints are related to.
public struct GoalState: Sendable, Hashable, Decodable {
    /// One expected unit or application.
    public struct Entry: Sendable, Hashable, Decodable {
        /// Its status, for example `active` or `dying`.
        public var status: String

        /// Creates an entry.
        public init(status: String) {
            self.status = status
        }
    }

    /// The units by name.
    public var units: [String: Entry]
    /// By endpoint, the applications and units at the other end, by name.
    public var relations: [String: [String: Entry]]

    /// Creates a goal state.
    public init(units: [String: Entry], relations: [String: [String: Entry]] = [:]) {
        self.units = units
        self.relations = relations
    }

    private enum CodingKeys: String, CodingKey {
        case units
        case relations
    }

    /// Reads the answer of `goal-state`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        units = try container.decodeIfPresent([String: Entry].self, forKey: .units) ?? [:]
        relations = try container.decodeIfPresent([String: [String: Entry]].self, forKey: .relations) ?? [:]
    }

    /// How many units the application shall have, without those on their way out.
    public var plannedUnits: Int { units.values.count { $0.status != "dying" } }
}
