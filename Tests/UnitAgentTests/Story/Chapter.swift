// SPDX-License-Identifier: Apache-2.0
import HookProtocol

@testable import UnitAgent

/// What a charm has left behind at one point of the story, without what differs from run to run.
///
/// Secrets go by their names instead of their ids, and times are left out but for whether there is one.
struct Chapter: Equatable {
    struct Secret: Equatable {
        var owner: String
        var label: String?
        var description: String?
        var rotate: String
        var isRotationDue: Bool
        /// The content by revision.
        var revisions: [Int: [String: String]]
        var expiringRevisions: [Int]
        /// `endpoint/application -> target`.
        var grants: [String]
        /// What the unit reads of it: its label and the revision it tracks.
        var tracked: String?
    }

    var title: String
    var unitStatus: String
    var applicationStatus: String
    var workloadVersion: String
    var openedPorts: [String]
    /// By `endpoint/application`, then by unit or application.
    var databags: [String: [String: [String: String]]]
    var relationStates: [String: String]
    var secrets: [String: Secret]
    var storages: [String]

    init(_ title: String, status: StatusSnapshot, store: ModelStore) throws {
        self.title = title
        unitStatus = "\(status.unit.workload.status): \(status.unit.workload.message)"
        applicationStatus = "\(status.application.status.status): \(status.application.status.message)"
        workloadVersion = status.application.workloadVersion
        openedPorts = status.unit.openedPorts
        (databags, relationStates, secrets, storages) = try store.read { model in
            let relations = try model.relations()
            let names = Dictionary(
                uniqueKeysWithValues: try model.secrets().map { ($0.id, $0.label ?? $0.name ?? $0.owner) }
            )
            let relationNames = Dictionary(
                uniqueKeysWithValues: relations.map { ($0.number, "\($0.id.endpoint)/\($0.remoteApplication)") }
            )
            var databags: [String: [String: [String: String]]] = [:]
            for relation in relations {
                databags[relationNames[relation.number] ?? ""] = try model.databags(relation.number).mapValues {
                    $0.mapValues { Self.named($0, names) }
                }
            }
            let states = relations.map { (relationNames[$0.number] ?? "", $0.status.state) }
            let secrets = try model.secrets().map { secret in
                (names[secret.id] ?? "", try Self.secret(secret, model, relationNames))
            }
            let storages = try model.storages().map { "\($0.id) \($0.kind) \($0.isAttached)" }
            return (
                databags, Dictionary(uniqueKeysWithValues: states), Dictionary(uniqueKeysWithValues: secrets), storages
            )
        }
    }

    private static func secret(_ secret: SecretState, _ model: Model, _ relations: [Int: String]) throws -> Secret {
        let revisions = try model.revisions(ofSecret: secret.id)
        let grants = try model.grants().filter { $0.secret == secret.id }
        return Secret(
            owner: "\(secret.ownerKind) \(secret.owner)",
            label: secret.label,
            description: secret.description,
            rotate: secret.rotate.rawValue,
            isRotationDue: secret.nextRotate != nil,
            revisions: Dictionary(uniqueKeysWithValues: revisions.map { ($0.revision, $0.content) }),
            expiringRevisions: revisions.filter { $0.expires != nil }.map(\.revision),
            grants: grants.map { "\(relations[$0.relation] ?? "?") -> \($0.target)" }.sorted(),
            tracked: try model.tracking(ofSecret: secret.id).map { "\($0.label ?? "-") \($0.revision)" }
        )
    }

    /// A text with the names of secrets in place of their ids.
    private static func named(_ text: String, _ names: [String: String]) -> String {
        guard text.hasPrefix("secret:") else { return text }
        let id = text.split(whereSeparator: { $0 == ":" || $0 == "/" }).last.map(String.init) ?? ""
        return "secret of \(names[id] ?? "nobody")"
    }
}
