// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import FoundationEssentials

/// A recorded run of the charm we replace: what the other sides gave, and what it wrote.
struct Recording: Decodable {
    struct Relation: Decodable {
        let endpoint: String
        let id: Int
        let kind: String?
        let remoteApplication: String?
        let remoteApplicationData: [String: String]?
        let remoteUnitsData: [String: [String: String]]?
        let peersData: [String: [String: String]]?
        let localApplicationData: [String: String]?
        let localUnitData: [String: String]?

        enum CodingKeys: String, CodingKey {
            case endpoint
            case id
            case kind
            case remoteApplication = "remote_app_name"
            case remoteApplicationData = "remote_app_data"
            case remoteUnitsData = "remote_units_data"
            case peersData = "peers_data"
            case localApplicationData = "local_app_data"
            case localUnitData = "local_unit_data"
        }
    }

    struct Secret: Decodable {
        let id: String
        let owner: String?
        let content: [String: String]
        let latest: [String: String]?
    }

    struct Input: Decodable {
        let unit: String
        let leader: Bool
        let version: String
        let relations: [Relation]
        let secrets: [Secret]

        enum CodingKeys: String, CodingKey {
            case unit
            case leader
            case version = "juju_version"
            case relations
            case secrets
        }
    }

    struct Step: Decodable {
        let event: String
        let note: String?
        let relations: [Relation]?

        enum CodingKeys: String, CodingKey {
            case event
            case note = "note_state_mutated_before"
            case relations
        }
    }

    private struct Mutation: Decodable {
        let application: [String: String]?
        let units: [String: [String: String]]?

        enum CodingKeys: String, CodingKey {
            case application = "remote_app_data"
            case units = "remote_units_data"
        }
    }

    let input: Input
    let steps: [Step]

    enum LoadingError: Error {
        case missing(String)
    }

    /// Reads a recording by its file name without extension.
    init(_ name: String) throws {
        let path = Self.root + "/contracts/interfaces/\(name).json"
        guard let data = FileManager.default.contents(atPath: path) else { throw LoadingError.missing(path) }
        self = try JSONDecoder().decode(Self.self, from: data)
    }

    /// The package's directory, from this file's own place in it.
    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    /// The world before the first recorded event.
    var world: World {
        var world = World(
            unit: UnitName(input.unit) ?? UnitName(application: "indico", number: 0),
            jujuVersion: JujuVersion(input.version) ?? JujuVersion(major: 3, minor: 6),
            isLeader: input.leader
        )
        world.relations = input.relations.map { relation in
            let units = relation.remoteUnitsData ?? relation.peersData ?? [:]
            let data = Dictionary(uniqueKeysWithValues: units.compactMap { name, data in Int(name).map { ($0, data) } })
            if relation.kind == "PeerRelation" {
                return RelationState(
                    peer: relation.endpoint,
                    id: relation.id,
                    application: world.unit.application,
                    peersData: data,
                    applicationData: relation.localApplicationData ?? [:],
                    ownUnitData: relation.localUnitData ?? [:]
                )
            }
            return RelationState(
                relation.endpoint,
                id: relation.id,
                remoteApplication: relation.remoteApplication ?? "remote",
                remoteApplicationData: relation.remoteApplicationData ?? [:],
                remoteUnitsData: data,
                ownApplicationData: relation.localApplicationData ?? [:],
                ownUnitData: relation.localUnitData ?? [:]
            )
        }
        world.secrets = input.secrets.map { secret in
            let owner: SecretState.Owner = secret.owner == "app" ? .application : .other(isGranted: true)
            var revisions = [secret.content]
            if let latest = secret.latest, latest != secret.content { revisions.append(latest) }
            return SecretState(id: secret.id, owner: owner, revisions: revisions, trackedRevision: 1)
        }
        return world
    }

    /// The world at a step, with what the remote sides wrote until then.
    func world(atStep index: Int) throws -> World {
        var world = world
        for step in steps[...index] {
            // "relation 1 updated: {…}"
            guard let note = step.note, note.hasPrefix("relation "), let brace = note.firstIndex(of: "{"),
                let id = Int(note.split(separator: " ")[1]),
                let place = world.relations.firstIndex(where: { $0.id == id })
            else { continue }
            let mutation = try JSONDecoder().decode(Mutation.self, from: Data(note[brace...].utf8))
            if let data = mutation.application { world.relations[place].remoteApplicationData = data }
            if let units = mutation.units {
                let application = world.relations[place].remoteApplication
                world.relations[place].remoteUnitsData = Dictionary(
                    uniqueKeysWithValues: units.compactMap { name, data in
                        Int(name).map { (UnitName(application: application, number: $0), data) }
                    }
                )
            }
        }
        return world
    }

    /// What the charm we replace had written to its application's databag after a step.
    func written(_ endpoint: String, after step: String) -> [String: String]? {
        steps.first { $0.event.hasPrefix(step) }?.relations?.first { $0.endpoint == endpoint }?.localApplicationData
    }
}

/// A charm that only reads.
struct ReadingCharm: Charm {
    let body: (Model) throws -> Void

    init(_ body: @escaping (Model) throws -> Void) {
        self.body = body
    }

    init(environment: HookEnvironment) {
        body = { _ in }
    }

    func observe(_ observers: inout Observers) {
        observers.on(.anyHook) { _, model in try body(model) }
    }
}

/// Runs a reading in a world and says what it came to.
func reading<Value>(in world: World, _ read: @escaping (Model) throws -> Value) throws -> (Value, Output) {
    var result: Value?
    let output = try CharmTest { _ in ReadingCharm { result = try read($0) } }.run(.configChanged, in: world)
    if let error = output.error { throw error }
    guard let result else { throw ReadingError.notRun }
    return (result, output)
}

enum ReadingError: Error {
    case notRun
}
