// SPDX-License-Identifier: Apache-2.0
import HookProtocol

extension Model {
    /// Whether this unit leads its application; the only unit of one always does.
    func isLeader() throws -> Bool { try !flag(.follower) }

    /// Gives this unit the lead, of which the charm is told.
    func lead() throws { try setFlag(.follower, false) }

    /// Takes the lead from this unit.
    func stepDown() throws {
        try setFlag(.follower)
        // Should it lead again, that is told again.
        try setFlag(.leaderElected, false)
    }

    /// What the units have in common, as this one knows it.
    func applicationState(of application: String) throws -> ApplicationState {
        let grants = try grants()
        return ApplicationState(
            relations: try relations().filter { !$0.isDying }.map { relation in
                ApplicationState.Relation(
                    number: relation.number,
                    endpoint: relation.id.endpoint,
                    interface: relation.interface,
                    remoteApplication: relation.remoteApplication,
                    isPeer: relation.isPeer,
                    databag: try databag(relation.number, of: application) ?? [:],
                    version: try databagVersion(relation.number, of: application)
                )
            },
            secrets: try secrets().filter { $0.ownerKind == .application }.map { secret in
                ApplicationState.Secret(
                    id: secret.id,
                    label: secret.label,
                    description: secret.description,
                    rotate: secret.rotate.rawValue,
                    nextRotate: secret.nextRotate,
                    revisions: try revisions(ofSecret: secret.id).map {
                        ApplicationState.Secret.Revision(number: $0.revision, content: $0.content, expires: $0.expires)
                    },
                    grants: grants.filter { $0.secret == secret.id }.map {
                        ApplicationState.Secret.Grant(relation: $0.relation, target: $0.target)
                    }.sorted { ($0.relation, $0.target) < ($1.relation, $1.target) }
                )
            },
            status: try status(of: application),
            leaderSettings: try leaderSettings()
        )
    }

    /// Makes what the units have in common what the leader says.
    func follow(_ state: ApplicationState, _ unit: UnitIdentity) throws {
        let known = try relations()
        for relation in state.relations {
            if !known.contains(where: { $0.number == relation.number }) { try add(relation, unit) }
            guard try databagVersion(relation.number, of: unit.application) != relation.version else { continue }
            try setDatabag(relation.number, of: unit.application, to: relation.databag, version: relation.version)
        }
        for secret in try secrets() where secret.ownerKind == .application {
            if !state.secrets.contains(where: { $0.id == secret.id }) { try deleteSecret(secret.id) }
        }
        for secret in state.secrets { try follow(secret, application: unit.application) }
        if let status = state.status { try setStatus(of: unit.application, as: status) }
        for key in try leaderSettings().keys where state.leaderSettings[key] == nil { try setLeaderSetting(key, nil) }
        for (key, value) in state.leaderSettings { try setLeaderSetting(key, value) }
    }

    /// Refuses to commit what only the leader may write, where the lead was lost meanwhile.
    func checkLead(_ writes: [ModelWrite], _ unit: UnitIdentity) throws {
        guard writes.contains(where: { $0.isLeaders(of: unit.application) }), try !isLeader() else { return }
        throw ToolFailure("\(unit.unitName) wrote as the leader, and is not the leader any more")
    }

    private func add(_ relation: ApplicationState.Relation, _ unit: UnitIdentity) throws {
        _ = try addRelation(
            number: relation.number,
            endpoint: relation.endpoint,
            interface: relation.interface,
            remote: relation.remoteApplication,
            isPeer: relation.isPeer,
            unit: unit.unitName,
            address: unit.address
        )
    }

    private func follow(_ secret: ApplicationState.Secret, application: String) throws {
        try setSecret(
            SecretState(
                id: secret.id,
                ownerKind: .application,
                owner: application,
                label: secret.label,
                description: secret.description,
                rotate: RotatePolicy(rawValue: secret.rotate) ?? .never,
                nextRotate: secret.nextRotate
            )
        )
        let kept = try revisions(ofSecret: secret.id)
        for old in kept where !secret.revisions.contains(where: { $0.number == old.revision }) {
            try deleteRevision(old.revision, secret: secret.id)
        }
        for revision in secret.revisions where !kept.contains(where: { $0.revision == revision.number }) {
            try addRevision(
                SecretRevision(revision: revision.number, content: revision.content, expires: revision.expires),
                secret: secret.id
            )
        }
        if let tracking = try tracking(ofSecret: secret.id), let newest = secret.revisions.last,
            !secret.revisions.contains(where: { $0.number == tracking.revision })
        {
            // What it read is gone; it reads on with what there is.
            try setTracking(
                SecretTracking(label: tracking.label, revision: newest.number, toldRevision: tracking.toldRevision),
                secret: secret.id
            )
        }
        let grants = try Set(
            secret.grants.filter { try relation($0.relation) != nil }
                .map { SecretGrant(secret: secret.id, relation: $0.relation, target: $0.target) }
        )
        let old = try self.grants().filter { $0.secret == secret.id }
        for grant in old.subtracting(grants) { try removeGrant(grant) }
        for grant in grants.subtracting(old) { try addGrant(grant) }
    }
}

extension ModelWrite {
    /// Whether only the leader may make the change.
    func isLeaders(of application: String) -> Bool {
        switch self {
        case .databag(_, let entity, _): entity == application
        case .addSecret(let secret, _), .changeSecret(let secret, _): secret.ownerKind == .application
        default: false
        }
    }
}
