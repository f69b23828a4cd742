// SPDX-License-Identifier: Apache-2.0

import CharmKit

/// A world that Juju could never bring about, or an event that could not happen in it.
public struct ImpossibleWorld: Error, Hashable, CustomStringConvertible {
    /// What is impossible, one line each.
    public let problems: [String]

    /// What is impossible, in words.
    public var description: String { "impossible: " + problems.joined(separator: "; ") }
}

extension World {
    /// Checks that an event could happen in this world.
    func validate(_ event: HookEvent) throws(ImpossibleWorld) {
        let problems = relationProblems + secretProblems + eventProblems(event)
        guard problems.isEmpty else { throw ImpossibleWorld(problems: problems) }
    }

    private var relationProblems: [String] {
        var problems: [String] = []
        for (id, same) in Dictionary(grouping: relations, by: \.id) where same.count > 1 {
            problems.append("\(same.count) relations have the id \(id)")
        }
        for relation in relations {
            if relation.isPeer, relation.remoteApplication != unit.application {
                problems.append("peer relation \(relation.relationID) is to \(relation.remoteApplication)")
            }
            if relation.remoteUnitsData.keys.contains(unit) {
                problems.append("relation \(relation.relationID) has this unit, \(unit), at its other end")
            }
            for remote in relation.remoteUnitsData.keys where remote.application != relation.remoteApplication {
                problems.append("relation \(relation.relationID) to \(relation.remoteApplication) has unit \(remote)")
            }
            let bags =
                [relation.remoteApplicationData, relation.ownApplicationData, relation.ownUnitData]
                + relation.remoteUnitsData.values
            if bags.contains(where: { $0.values.contains("") }) {
                problems.append("relation \(relation.relationID) has an empty value, which Juju never keeps")
            }
        }
        return problems
    }

    private var secretProblems: [String] {
        var problems: [String] = []
        for (id, same) in Dictionary(grouping: secrets, by: { SecretState.bare($0.id) }) where same.count > 1 {
            problems.append("\(same.count) secrets have the id \(id)")
        }
        for secret in secrets {
            if !Secret.isID(secret.id) { problems.append("\"\(secret.id)\" is not a secret's id") }
            if secret.revisions.isEmpty { problems.append("secret \(secret.id) has no revision") }
            if let tracked = secret.trackedRevision, !(1...max(1, secret.revisions.count)).contains(tracked) {
                problems.append("secret \(secret.id) has no revision \(tracked) to track")
            }
        }
        return problems
    }

    private func eventProblems(_ event: HookEvent) -> [String] {
        if let relation = event.relation {
            guard let known = relations.first(where: { $0.id == relation.id.number }) else {
                return ["\(event.name) is about relation \(relation.id), which is not there"]
            }
            if known.endpoint != relation.id.endpoint {
                return ["\(event.name) is about relation \(known.relationID)"]
            }
            if case .relationBroken = event, known.isPeer { return ["a peer relation is never broken"] }
        }
        switch event {
        case .pebbleReady(let name), .pebbleCustomNotice(let name, _), .pebbleCheckFailed(let name, _),
            .pebbleCheckRecovered(let name, _):
            guard let container = containers[name] else { return ["\(event.name): there is no container \(name)"] }
            if case .pebbleReady = event, !container.canConnect {
                return ["\(event.name): Pebble in container \(name) does not answer"]
            }
            return []
        case .leaderElected:
            return isLeader ? [] : ["leader-elected on a unit that does not lead"]
        case .secretChanged(let secret), .secretRotate(let secret), .secretExpired(let secret),
            .secretRemove(let secret):
            return self.secret(secret.id) == nil ? ["\(event.name): there is no secret \(secret.id)"] : []
        default:
            return []
        }
    }
}
