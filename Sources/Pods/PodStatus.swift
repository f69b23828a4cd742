// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import OneMachine

/// What is, as the controller saw it last; for people and for programs.
package struct PodStatus: Codable, Sendable, Equatable {
    package struct Application: Codable, Sendable, Equatable {
        package var name: String
        package var version: String
        package var status: String
        package var message: String
        package var charm: String
    }

    package struct Unit: Codable, Sendable, Equatable {
        package var name: String
        package var leader: Bool
        package var workload: String
        package var message: String
        package var agent: String
        package var address: String
        /// Whether the front leads visitors to it.
        package var serving: Bool
        package var leaving: Bool
    }

    package struct Pod: Codable, Sendable, Equatable {
        package var name: String
        /// Containers that are ready.
        package var ready: Int
        package var containers: Int
        package var status: String
        /// How often it was made anew because a container of it ended.
        package var restarts: Int
        package var images: [String: String]
    }

    package var application: Application
    package var units: [Unit]
    package var pods: [Pod]
    package var url: String
    /// What the controller could not do, last.
    package var problem: String

    package static func read(_ layout: PodLayout) throws -> PodStatus? {
        guard let content = try FileStore.read(layout.status) else { return nil }
        return try JSONDecoder().decode(PodStatus.self, from: Data(content))
    }

    /// What the controller saw last.
    ///
    /// - Throws: ``OperatorError`` where it has seen nothing yet.
    package static func current(_ layout: PodLayout) throws -> PodStatus {
        guard let status = try read(layout) else {
            throw OperatorError("the pods are not up", remedy: "'indico-operator up' brings them up.")
        }
        return status
    }

    /// The pod of the unit that leads.
    package func leaderPod() throws(OperatorError) -> String {
        guard let leader = units.first(where: \.leader) ?? units.first else {
            throw OperatorError("there is no unit yet", remedy: "'indico-operator status' tells how far the pods are.")
        }
        return leader.name.map { $0 == "/" ? "-" : String($0) }.joined()
    }

    package func write(_ layout: PodLayout) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try FileStore.write(Array(encoder.encode(self)), to: layout.status, mode: 0o644)
    }

    /// Whether all units serve, as many as there shall be.
    package func isSettled(_ spec: PodSpec) -> Bool {
        let wanted = spec.units.filter { !$0.isLeaving }.map { "\(PodSpec.application)/\($0.number)" }
        return Set(units.map(\.name)) == Set(wanted)
            && units.allSatisfy { $0.serving && $0.workload == "active" && !$0.leaving }
            && pods.allSatisfy { $0.ready == $0.containers && $0.status == "Running" }
    }
}
