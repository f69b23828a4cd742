// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import OneMachine
package import UnitAgent

/// What shall be: how many units, of which images, related with what.
///
/// Commands write it and the controller makes it so, as with an object of Kubernetes. There are passwords in it.
package struct PodSpec: Codable, Sendable, Equatable {
    /// A unit that shall be there.
    package struct Unit: Codable, Sendable, Equatable {
        package var number: Int
        /// Whether it is to be drained and removed.
        package var isLeaving = false

        package init(number: Int, isLeaving: Bool = false) {
            self.number = number
            self.isLeaving = isLeaving
        }
    }

    package var modelUUID: String
    package var units: [Unit] = []
    /// The images, by what they are for.
    package var images: [PodImage: String] = PodImage.defaults
    /// The first three numbers of the pods' addresses, such as `10.87.0`.
    package var network: String
    /// Where visitors come in, on this machine's loopback address.
    package var port: UInt16
    /// Whether all units keep attachments on one volume.
    package var sharesAttachments = true
    /// Whether nothing shall run.
    package var isDown = false
    /// The charm's options that were set.
    package var config: [String: String] = [:]
    /// The applications at the other ends, by endpoint.
    package var relations: [String: RemoteApplication] = [:]

    package init(modelUUID: String, network: String, port: UInt16) {
        self.modelUUID = modelUUID
        self.network = network
        self.port = port
    }

    /// The application in the pods.
    package static let application = "indico"

    /// Says that there shall be one more unit; returns its number, which no unit had before it.
    package mutating func addUnit() -> Int {
        let number = (units.map(\.number).max() ?? -1) + 1
        units.append(Unit(number: number))
        return number
    }

    /// Says that units shall go.
    ///
    /// - Throws: When there is no such unit, or none would be left.
    package mutating func removeUnits(_ numbers: [Int]) throws(OperatorError) {
        for number in numbers where !units.contains(where: { $0.number == number }) {
            let known = units.map { "\(Self.application)/\($0.number)" }.joined(separator: ", ")
            throw OperatorError("there is no unit \(Self.application)/\(number)", remedy: "There are \(known).")
        }
        guard units.contains(where: { !$0.isLeaving && !numbers.contains($0.number) }) else {
            throw OperatorError(
                "the last unit cannot be removed",
                remedy: "'indico-operator down' stops it, 'destroy' removes everything."
            )
        }
        for index in units.indices where numbers.contains(units[index].number) { units[index].isLeaving = true }
    }

    /// The address of a unit's pod.
    ///
    /// It is the unit's own for as long as there is the unit, through all its pods.
    package func address(ofUnit number: Int) -> String { "\(network).\(10 + number)" }
    /// The most units there is an address for.
    package static let mostUnits = 240
    package func address(of server: ServerPod) -> String { "\(network).\(server.hostNumber)" }

    package static func read(_ layout: PodLayout) throws -> PodSpec? {
        guard let content = try FileStore.read(layout.spec) else { return nil }
        do {
            return try JSONDecoder().decode(PodSpec.self, from: Data(content))
        } catch {
            throw OperatorError("\(layout.spec) cannot be read: \(error)", remedy: "Put back its last good version.")
        }
    }

    /// Changes what is on disk, under a lock that commands and controller share.
    @discardableResult
    package static func change<Value>(
        _ layout: PodLayout,
        _ body: (inout PodSpec) throws -> Value
    ) throws -> Value {
        let lock = try FileLock(layout.spec + ".lock")
        defer { lock.release() }
        guard var spec = try read(layout) else {
            throw OperatorError(
                "there are no pods in \(layout.state.path)",
                remedy: "'indico-operator up --substrate podman' makes them."
            )
        }
        let value = try body(&spec)
        try spec.write(layout)
        return value
    }

    package func write(_ layout: PodLayout) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileStore.write(Array(encoder.encode(self)), to: layout.spec, mode: 0o600)
    }
}

/// What an image is for.
package enum PodImage: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    case charm = "indico-charm"
    /// By the names of the charm's resources.
    case indico = "indico-image"
    case nginx = "indico-nginx-image"
    case postgresql
    case redis

    /// The name `make images` gives it.
    package var name: String {
        switch self {
        case .charm: "indico-charm"
        case .indico: "indico"
        case .nginx: "indico-nginx"
        case .postgresql: "indico-postgresql"
        case .redis: "indico-redis"
        }
    }

    package static var defaults: [PodImage: String] {
        Dictionary(uniqueKeysWithValues: allCases.map { ($0, "localhost/\($0.name):latest") })
    }
}

/// The pods beside the units'.
package enum ServerPod: String, CaseIterable, Codable, Sendable {
    case postgresql
    case redis
    /// Where visitors come in: what an ingress is on Kubernetes.
    case front

    var hostNumber: Int {
        switch self {
        case .postgresql: 2
        case .redis: 3
        case .front: 4
        }
    }

    package var image: PodImage {
        switch self {
        case .postgresql: .postgresql
        case .redis: .redis
        case .front: .nginx
        }
    }
}
