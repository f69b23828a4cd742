// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport

/// What this installation was told or has chosen, for every later command.
///
/// There may be passwords in it.
package struct Settings: Codable, Hashable, Sendable {
    /// Ports of the local servers; chosen once, as the cluster's clients are told them.
    package var ports: [LocalServerName: UInt16]
    /// Servers of somebody else that stand in for local ones.
    package var external: [LocalServerName: ServerURL]
    /// Where Prometheus and Alertmanager listen, once they were asked for.
    package var observability: ObservabilityPorts?

    package init(ports: [LocalServerName: UInt16] = [:], external: [LocalServerName: ServerURL] = [:]) {
        self.ports = ports
        self.external = external
    }

    private enum CodingKeys: String, CodingKey {
        case ports
        case external
        case observability
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        ports = Self.named(try container.decode([String: UInt16].self, forKey: .ports))
        external = Self.named(try container.decode([String: ServerURL].self, forKey: .external))
        observability = try container.decodeIfPresent(ObservabilityPorts.self, forKey: .observability)
    }

    /// With the names as keys: a dictionary by an enumeration would be written as a list of pairs.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(
            Dictionary(uniqueKeysWithValues: ports.map { ($0.key.rawValue, $0.value) }),
            forKey: .ports
        )
        try container.encode(
            Dictionary(uniqueKeysWithValues: external.map { ($0.key.rawValue, $0.value) }),
            forKey: .external
        )
        try container.encodeIfPresent(observability, forKey: .observability)
    }

    private static func named<Value>(_ values: [String: Value]) -> [LocalServerName: Value] {
        Dictionary(values.compactMap { name, value in LocalServerName(rawValue: name).map { ($0, value) } }) {
            first,
            _ in first
        }
    }

    /// Where local servers would listen.
    package static let preferredPorts: [LocalServerName: UInt16] = [
        .postgresql: 15432, .redisCache: 16379, .redisBroker: 16380,
    ]

    /// The servers to be run here.
    package var localServers: [LocalServerName] { LocalServerName.allCases.filter { external[$0] == nil } }

    /// Gives every local server that has none a port: the preferred one, or the next that is free.
    package mutating func choosePorts(isFree: (UInt16) -> Bool) throws(OperatorError) {
        for name in localServers where ports[name] == nil {
            guard let first = Self.preferredPorts[name] else { continue }
            let taken = Set(ports.values)
            guard
                let port = stride(from: first, to: first + 2000, by: 10).first(where: {
                    !taken.contains($0) && isFree($0)
                })
            else {
                throw OperatorError(
                    "no free port was found for \(name.rawValue)",
                    remedy: "Free one from \(first) upwards."
                )
            }
            ports[name] = port
        }
    }

    package static func read(from state: StateDirectory) throws -> Settings {
        guard let content = try FileStore.read(state.settings) else { return Settings() }
        do {
            return try JSONDecoder().decode(Settings.self, from: Data(content))
        } catch {
            throw OperatorError(
                "\(state.settings) cannot be read: \(error)",
                remedy: "Put back the file's last good version."
            )
        }
    }

    package func write(to state: StateDirectory) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileStore.write(Array(encoder.encode(self)), to: state.settings, mode: 0o600)
    }
}
