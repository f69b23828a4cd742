// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import OneMachine
import UnitAgent

/// Keeps the models of the units in step: what the leader wrote, what each unit tells its peers, configuration and
/// relations.
///
/// Each fact has one writer: the operator, the leader, or the unit it is about. So the exchange is a copy in one
/// direction, done anew whenever the source differs from what was copied last; a copy that is repeated or late does no
/// harm, and none is lost, as the sources are on disk.
final class ModelExchange {
    /// What was given to a unit last, so that it is not given again.
    private struct Given {
        var state: ApplicationState?
        var peers: [String: RemoteApplication] = [:]
        var relations: [String: RemoteApplication] = [:]
        var config: [String: String]?
        var hasStorage = false
    }

    /// A unit whose agent answers.
    struct Member {
        var number: Int
        var agent: AgentControlClient
        var snapshot: StatusSnapshot
        var relations: [RelationData]
    }

    private var given: [Int: Given] = [:]
    /// The databags units have in peer relations, by endpoint and unit; of those that are away, as they were last.
    private var databags: [String: [Int: [String: String]]] = [:]

    /// Forgets a unit, for its peers as well.
    func forget(_ number: Int) {
        given[number] = nil
        for endpoint in databags.keys { databags[endpoint]?[number] = nil }
    }

    /// A unit whose agent has started anew is given everything again.
    func restarted(_ number: Int) { given[number] = nil }

    /// Does one round.
    ///
    /// - Parameters:
    ///   - members: The units whose agents answer.
    ///   - numbers: All units there are.
    ///   - leader: The leader's state; without one only what needs no leader is exchanged.
    ///   - spec: What the operator wants.
    /// - Throws: ``ControlFailure`` of the first unit that refuses; the next round tries again.
    func round(
        _ members: [Member],
        numbers: Set<Int>,
        leader: (number: Int, state: ApplicationState)?,
        spec: PodSpec
    ) throws {
        collect(members, numbers: numbers)
        guard let leader else { return }
        // The leader first: the numbers it gives relations are everybody's.
        for member in members.sorted(by: { left, _ in left.number == leader.number }) {
            var memory = given[member.number] ?? Given()
            defer { given[member.number] = memory }
            if member.number != leader.number, memory.state != leader.state {
                try member.agent.follow(leader.state)
                memory.state = leader.state
            }
            if spec.sharesAttachments, !memory.hasStorage {
                let has = member.snapshot.storages.contains { $0.id.hasPrefix("attachments/") }
                if !has { _ = try member.agent.addStorage("attachments", count: 1) }
                memory.hasStorage = true
            }
            try configure(member, spec, &memory)
            try relate(member, spec, &memory)
            try introduce(member, numbers: numbers, &memory)
        }
    }

    private func collect(_ members: [Member], numbers: Set<Int>) {
        for member in members {
            for data in member.relations where data.relation.peer {
                let endpoint = data.relation.endpoint
                for (entity, databag) in data.databags {
                    guard let slash = entity.lastIndex(of: "/"),
                        let number = Int(entity[entity.index(after: slash)...]), numbers.contains(number)
                    else { continue }
                    // What a unit says of itself counts; what another remembers of it, only while nothing better is known.
                    if number == member.number || databags[endpoint]?[number] == nil {
                        databags[endpoint, default: [:]][number] = databag
                    }
                }
            }
        }
    }

    private func configure(_ member: Member, _ spec: PodSpec, _ memory: inout Given) throws {
        guard memory.config != spec.config else { return }
        let known = try member.agent.config().filter { $0.source == .user }
        let gone = known.map(\.name).filter { spec.config[$0] == nil }
        if !gone.isEmpty { try member.agent.resetConfig(gone) }
        if !spec.config.isEmpty { try member.agent.setConfig(spec.config) }
        memory.config = spec.config
    }

    private func relate(_ member: Member, _ spec: PodSpec, _ memory: inout Given) throws {
        for (endpoint, remote) in spec.relations.sorted(by: { $0.key < $1.key })
        where memory.relations[endpoint] != remote {
            try member.agent.integrate(endpoint: endpoint, with: remote)
            memory.relations[endpoint] = remote
        }
        for data in member.relations where !data.relation.peer && spec.relations[data.relation.endpoint] == nil {
            guard data.relation.state != "departing" else { continue }
            try member.agent.removeRelation(
                endpoint: data.relation.endpoint,
                application: data.relation.remoteApplication
            )
            memory.relations[data.relation.endpoint] = nil
        }
    }

    /// Tells a unit of its peers.
    private func introduce(_ member: Member, numbers: Set<Int>, _ memory: inout Given) throws {
        for (endpoint, units) in databags {
            let others = units.filter { $0.key != member.number && numbers.contains($0.key) }
            let peers = RemoteApplication(
                name: PodSpec.application,
                units: others.mapValues { $0.mapValues(DatabagValue.text) }
            )
            guard memory.peers[endpoint] != peers else { continue }
            try member.agent.integrate(endpoint: endpoint, with: peers)
            memory.peers[endpoint] = peers
        }
    }
}
