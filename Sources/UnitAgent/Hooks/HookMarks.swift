// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// What a hook that begins now will have told the charm.
///
/// Noted before it runs: what changes while it runs is told later.
struct HookMarks: Sendable, Equatable {
    /// The hash of the configuration.
    var configHash: String
    /// The fingerprint of the charm.
    var charmFingerprint: String
    /// The boot of the machine.
    var hostBoot: String
    /// The version of the databag a relation hook is about.
    var databagVersion: Int64
    /// The newest revision of the secret a secret hook is about.
    var secretRevision: Int
    /// What a container's Pebble did, for a hook about that.
    var workloadEvent: WorkloadEvent?
}

extension Model {
    /// Records that the charm has been told.
    func setTold(_ event: HookEvent, _ marks: HookMarks, now: Int64) throws {
        switch event {
        case .install:
            try setFlag(.installed)
            try setFact(.charmFingerprint, marks.charmFingerprint)
        case .start:
            try setFlag(.started)
            try setFact(.hostBoot, marks.hostBoot)
        case .stop: try setFlag(.stopped)
        case .remove: try setFlag(.removed)
        case .configChanged: try setFact(.configHash, marks.configHash)
        case .upgradeCharm:
            try setFact(.charmFingerprint, marks.charmFingerprint)
            // A new charm is always told its configuration.
            try setFact(.configHash, nil)
        case .leaderElected: try setFlag(.leaderElected)
        case .storageAttached(let storage): try setAttached(true, storage: storage.id)
        case .storageDetaching(let storage): try deleteStorage(storage.id)
        case .secretChanged(let secret), .secretRotate(let secret), .secretExpired(let secret),
            .secretRemove(let secret):
            try setToldSecret(event, secret, marks, now: now)
        default: try setToldRelation(event, marks)
        }
    }

    private func setToldRelation(_ event: HookEvent, _ marks: HookMarks) throws {
        guard let relation = event.relation else { return }
        let number = relation.id.number
        switch (event, relation.remoteUnit?.description) {
        case (.relationCreated, _): try setCreated(relation: number)
        case (.relationJoined, .some(let unit)):
            try setJoined(unit: unit, version: marks.databagVersion, relation: number)
            try setOwedChanged(unit, relation: number)
        case (.relationChanged, .some(let unit)):
            try setJoined(unit: unit, version: marks.databagVersion, relation: number)
            try setOwedChanged(nil, relation: number)
        case (.relationChanged, nil): try setSeen(version: marks.databagVersion, relation: number)
        case (.relationDeparted, .some(let unit)): try setDeparted(unit: unit, relation: number)
        case (.relationBroken, _): try deleteRelation(number)
        default: break
        }
    }

    private func setToldSecret(_ event: HookEvent, _ secret: SecretEvent, _ marks: HookMarks, now: Int64) throws {
        let id = String(secret.id.drop { $0 != ":" }.dropFirst())
        switch event {
        case .secretChanged:
            try setTold(.changed(id: id, label: nil, revision: marks.secretRevision), now: now)
        case .secretRotate: try setTold(.rotate(id: id, label: nil), now: now)
        case .secretExpired: try setTold(.expired(id: id, label: nil, revision: secret.revision ?? 0), now: now)
        default: try setTold(.remove(id: id, label: nil, revision: secret.revision ?? 0), now: now)
        }
    }

    /// The version of the databag an event is about.
    func databagVersion(of event: HookEvent) throws -> Int64 {
        guard let about = event.relation, let relation = try relation(about.id.number) else { return 0 }
        guard let unit = about.remoteUnit?.description else { return relation.version }
        return relation.members.first { $0.unit == unit }?.version ?? 0
    }

    /// The newest revision of the secret an event is about.
    func secretRevision(of event: HookEvent) throws -> Int {
        guard case .secretChanged(let secret) = event else { return 0 }
        return try revisions(ofSecret: String(secret.id.drop { $0 != ":" }.dropFirst())).last?.revision ?? 0
    }
}
