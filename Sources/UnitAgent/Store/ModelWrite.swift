// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A change a hook tool makes to the model, as a value.
///
/// The buffered ones of a hook are kept in order and replayed in two places by the same code: in a transaction that is
/// rolled back, so that the hook reads what it wrote, and in the one that commits the hook.
enum ModelWrite: Sendable, Equatable {
    /// Sets keys of a databag; `nil` removes one.
    case databag(relation: Int, entity: String, changes: [String: String?])
    case openPort(OpenedPort)
    case closePort(OpenedPort)
    case state(key: String, value: String?)
    case leaderSetting(key: String, value: String?)
    case status(entity: String, status: String, message: String, time: Timestamp)
    case workloadVersion(String)
    case addSecret(SecretState, SecretRevision)
    case changeSecret(SecretState, SecretRevision?)
    case expireSecret(id: String, revision: Int, expires: Int64?)
    case removeSecret(id: String, revision: Int?)
    case grant(SecretGrant)
    case revoke(SecretGrant)
    case track(secret: String, SecretTracking)
    case addStorage(id: String, name: String, location: String, kind: String)
    case taskLog(task: Int, line: String)

    /// Makes the change.
    func apply(to model: Model) throws {
        switch self {
        case .databag(let relation, let entity, let changes):
            // The relation may have gone since the hook wrote: then nobody can read what it said.
            guard try model.relation(relation) != nil else { return }
            var content = try model.databag(relation, of: entity) ?? [:]
            for (key, value) in changes { content[key] = value }
            try model.setDatabag(relation, of: entity, to: content)
        case .openPort(let port): try model.setOpenedPorts(try model.openedPorts().union([port]))
        case .closePort(let port):
            let isAll = port.endpoint == OpenedPort.allEndpoints
            let kept = try model.openedPorts().filter {
                $0.range != port.range || !(isAll || $0.endpoint == port.endpoint)
            }
            try model.setOpenedPorts(kept)
        case .state(let key, let value): try model.setState(key, value)
        case .leaderSetting(let key, let value): try model.setLeaderSetting(key, value)
        case .status(let entity, let status, let message, let time):
            try model.setStatus(of: entity, status, message, at: time)
        case .workloadVersion(let version): try model.setFact(.workloadVersion, version)
        case .addStorage(let id, let name, let location, let kind):
            try model.addStorage(id: id, name: name, location: location, kind: kind)
        case .taskLog(let task, let line): try model.logTask(task, line)
        case .addSecret, .changeSecret, .expireSecret, .removeSecret, .grant, .revoke, .track:
            try applySecret(to: model)
        }
    }

    private func applySecret(to model: Model) throws {
        switch self {
        case .addSecret(let secret, let revision):
            try model.setSecret(secret)
            try model.addRevision(revision, secret: secret.id)
        case .changeSecret(let secret, let revision):
            try model.setSecret(secret)
            if let revision { try model.addRevision(revision, secret: secret.id) }
        case .expireSecret(let id, let revision, let expires):
            try model.setExpiry(expires, revision: revision, secret: id)
        case .removeSecret(let id, .some(let revision)):
            try model.deleteRevision(revision, secret: id)
            if try model.revisions(ofSecret: id).isEmpty { try model.deleteSecret(id) }
        case .removeSecret(let id, nil): try model.deleteSecret(id)
        case .grant(let grant):
            guard try model.relation(grant.relation) != nil else { return }
            try model.addGrant(grant)
        case .revoke(let grant): try model.removeGrant(grant)
        case .track(let secret, let tracking): try model.setTracking(tracking, secret: secret)
        default: break
        }
    }
}
