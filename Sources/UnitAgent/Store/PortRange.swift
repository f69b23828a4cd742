// SPDX-License-Identifier: Apache-2.0

/// A port or range of ports with its protocol, as `80/tcp`, `80-90/udp` or `icmp`.
struct PortRange: Hashable, Sendable, Comparable, CustomStringConvertible {
    let first: Int
    let last: Int
    let transport: String

    /// Reads the form hook tools take; the protocol defaults to tcp.
    init?(_ text: String) {
        let lowered = text.lowercased()
        if lowered == "icmp" {
            (first, last, transport) = (-1, -1, "icmp")
            return
        }
        let parts = lowered.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        let transport = parts.count == 2 ? String(parts[1]) : "tcp"
        guard transport == "tcp" || transport == "udp" else { return nil }
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count <= 2, let first = bounds.first ?? nil, let last = bounds.last ?? nil,
            first >= 1, first <= last, last <= 65535
        else { return nil }
        (self.first, self.last, self.transport) = (first, last, transport)
    }

    var description: String {
        if transport == "icmp" { return "icmp" }
        return first == last ? "\(first)/\(transport)" : "\(first)-\(last)/\(transport)"
    }

    /// Whether the two have a port in common without being the same.
    func conflicts(with other: PortRange) -> Bool {
        self != other && transport == other.transport && first <= other.last && other.first <= last
    }

    static func < (left: PortRange, right: PortRange) -> Bool {
        (left.transport, left.first, left.last) < (right.transport, right.first, right.last)
    }
}

/// A range opened for one endpoint, or for all of them.
struct OpenedPort: Hashable, Sendable {
    /// The endpoint of a port that is open for all of them.
    static let allEndpoints = ""

    let range: PortRange
    let endpoint: String
}
