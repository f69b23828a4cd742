// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension World {
    var secretProblems: [String] {
        var problems: [String] = []
        if !secrets.isEmpty, !jujuVersion.hasSecrets { problems.append("Juju \(jujuVersion) has no secrets") }
        for (id, same) in Dictionary(grouping: secrets, by: { SecretState.bare($0.id) }).sorted(by: { $0.key < $1.key })
        where same.count > 1 {
            problems.append("\(same.count) secrets have the id \(id)")
        }
        let labelled = secrets.filter { $0.label != nil }
        for (label, same) in Dictionary(grouping: labelled, by: { $0.label ?? "" }).sorted(by: { $0.key < $1.key })
        where same.count > 1 {
            problems.append("\(same.count) secrets have the label \(label)")
        }
        return problems + secrets.flatMap { self.problems(of: $0) }
    }

    private func problems(of secret: SecretState) -> [String] {
        var problems: [String] = []
        if !Secret.isID(secret.id) { problems.append("\"\(secret.id)\" is not a secret's id") }
        if secret.revisions.isEmpty { problems.append("secret \(secret.id) has no revision") }
        if secret.revisions.contains(where: \.isEmpty) {
            problems.append("secret \(secret.id) has a revision of nothing")
        }
        for key in Set(secret.revisions.flatMap(\.keys)).sorted() where !Secret.isKey(key) {
            problems.append("secret \(secret.id) has the key \"\(key)\", which Juju refuses")
        }
        if let tracked = secret.trackedRevision, !secret.revisions.isEmpty,
            !(1...secret.revisions.count).contains(tracked)
        {
            problems.append("secret \(secret.id) has no revision \(tracked) to track")
        }
        if !secret.isOwned {
            if !secret.grants.isEmpty { problems.append("secret \(secret.id) is granted, but another's") }
            if secret.rotation != nil || secret.expiry != nil || secret.description != nil {
                problems.append(
                    "secret \(secret.id) is another's: its description, rotation and expiry are not known here"
                )
            }
        }
        for number in secret.grants.keys.sorted() where !relations.contains(where: { $0.id == number }) {
            problems.append("secret \(secret.id) is granted to relation \(number), which is not there")
        }
        return problems
    }

    /// What of an event about a secret could not happen.
    func secretEventProblems(_ event: HookEvent, _ about: SecretEvent) -> [String] {
        guard let secret = secret(about.id) else { return ["\(event.name): there is no secret \(about.id)"] }
        var problems: [String] = []
        if let revision = about.revision, !(1...max(1, secret.revisions.count)).contains(revision) {
            problems.append("\(event.name): secret \(about.id) has no revision \(revision)")
        }
        if let label = about.label, label != secret.label {
            problems.append("\(event.name): secret \(about.id) is not labelled \(label)")
        }
        if case .secretChanged = event {
            if secret.owner == .unit {
                problems.append("secret-changed goes to readers: \(about.id) is this unit's own")
            }
            if secret.owner == .other(isGranted: false) {
                problems.append("secret-changed: secret \(about.id) was never granted")
            }
            return problems
        }
        guard secret.isOwned else { return problems + ["\(event.name) goes to owners: \(about.id) is another's"] }
        if secret.owner == .application, !isLeader {
            problems.append("\(event.name) of the application's secret goes to the leader")
        }
        if case .secretRotate = event, secret.rotation == nil || secret.rotation == .never {
            problems.append("secret-rotate: secret \(about.id) has no rotation")
        }
        if case .secretExpired = event, secret.expiry == nil {
            problems.append("secret-expired: secret \(about.id) has no expiry")
        }
        return problems
    }
}
