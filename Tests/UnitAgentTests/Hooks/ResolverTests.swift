// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI
import Testing

@testable import UnitAgent

@Suite struct ResolverTests {
    private static let unit = UnitName(application: "tiny", number: 0)

    /// A unit whose charm knows all there is.
    private static func settled() -> UnitState {
        var state = UnitState()
        state.isInstalled = true
        state.isStarted = true
        state.isLeaderElected = true
        state.unit = unit
        return state
    }

    private static func relation(
        _ number: Int = 1,
        isCreated: Bool = true,
        isPeer: Bool = false,
        members: [RelationState.Member] = []
    ) -> RelationState {
        RelationState(
            id: RelationID(endpoint: "db", number: number),
            interface: "tiny-db",
            remoteApplication: "postgres",
            isPeer: isPeer,
            isDying: false,
            isCreated: isCreated,
            version: 0,
            seenVersion: 0,
            owedChanged: nil,
            members: members
        )
    }

    private static func member(
        _ number: Int,
        present: Bool = true,
        joined: Bool,
        version: Int64,
        seen: Int64
    )
        -> RelationState.Member
    {
        RelationState.Member(
            unit: "postgres/\(number)",
            isPresent: present,
            isJoined: joined,
            version: version,
            seenVersion: seen
        )
    }

    @Test func `nothing comes when the charm knows all there is`() {
        #expect(Resolver.next(Self.settled()) == nil)
    }

    @Test func `when everything is due at once, it comes in Juju's order`() {
        var state = Self.settled()
        state.hasRebooted = true
        state.isCharmNew = true
        state.isLeaderElected = false
        state.isConfigNew = true
        state.isUpdateStatusDue = true
        state.relations = [Self.relation(isCreated: false)]
        state.workloadEvents = [WorkloadEvent(container: "web", kind: .ready(bootID: "1"), cursor: nil)]
        state.secrets = [.rotate(id: "s", label: nil)]
        state.action = ActionEvent(name: "greet", id: "1")
        var names: [String] = []
        while let event = Resolver.next(state) {
            names.append(event.name)
            switch event {
            case .start: state.hasRebooted = false
            case .upgradeCharm: state.isCharmNew = false
            case .relationCreated: state.relations[0].isCreated = true
            case .leaderElected: state.isLeaderElected = true
            case .pebbleReady: state.workloadEvents = []
            case .secretRotate: state.secrets = []
            case .action: state.action = nil
            case .configChanged: state.isConfigNew = false
            case .updateStatus: state.isUpdateStatusDue = false
            default: Issue.record("unexpected \(event)")
            }
        }
        #expect(
            names == [
                "start", "upgrade-charm", "db-relation-created", "leader-elected", "web-pebble-ready", "secret-rotate",
                "greet", "config-changed", "update-status",
            ]
        )
    }

    @Test func `storage is attached before install, and nothing else comes before it`() {
        var state = UnitState()
        state.isConfigNew = true
        state.action = ActionEvent(name: "greet", id: "1")
        state.storages = [
            StorageState(id: "data/3", name: "data", location: "/x", kind: "filesystem", isAttached: false)
        ]
        let storage = StorageEvent(name: "data", index: 3, location: "/x", kind: "filesystem")
        #expect(Resolver.next(state) == .storageAttached(storage))
        state.storages[0].isAttached = true
        #expect(Resolver.next(state) == .install)
    }

    @Test func `within a relation changed follows joined at once, then departed, application, joined, changed`() {
        var state = Self.settled()
        var relation = Self.relation(members: [
            Self.member(0, present: false, joined: true, version: 1, seen: 1),
            Self.member(1, joined: true, version: 2, seen: 1),
            Self.member(2, joined: false, version: 1, seen: 0),
        ])
        relation.version = 1
        relation.owedChanged = "postgres/1"
        state.relations = [relation]
        let unit = { (number: Int) in UnitName(application: "postgres", number: number) }
        let event = { (number: Int?) in
            RelationEvent(id: relation.id, remoteApplication: "postgres", remoteUnit: number.map(unit))
        }
        #expect(Resolver.next(state) == .relationChanged(event(1)))
        state.relations[0].owedChanged = nil
        var departed = event(0)
        departed.departingUnit = unit(0)
        #expect(Resolver.next(state) == .relationDeparted(departed))
        state.relations[0].members.removeFirst()
        #expect(Resolver.next(state) == .relationChanged(event(nil)))
        state.relations[0].seenVersion = 1
        #expect(Resolver.next(state) == .relationJoined(event(2)))
        state.relations[0].members[1].isJoined = true
        state.relations[0].members[1].seenVersion = 1
        #expect(Resolver.next(state) == .relationChanged(event(1)))
        state.relations[0].members[0].seenVersion = 2
        #expect(Resolver.next(state) == nil)
    }

    @Test func `an application databag nobody has written is not announced`() {
        var state = Self.settled()
        state.relations = [Self.relation()]
        state.relations[0].seenVersion = 3
        #expect(Resolver.next(state) == nil)
    }

    @Test func `a dying relation departs and breaks, a peer relation never breaks`() {
        var state = Self.settled()
        state.relations = [Self.relation(members: [Self.member(0, joined: true, version: 5, seen: 1)])]
        state.relations[0].isDying = true
        state.relations[0].version = 9
        #expect(Resolver.next(state)?.name == "db-relation-departed")
        state.relations[0].members = []
        #expect(Resolver.next(state)?.name == "db-relation-broken")
        state.relations = [Self.relation(isPeer: true)]
        state.isDying = true
        #expect(Resolver.next(state) == .stop)
    }

    @Test func `a dying relation the charm never heard of is not created`() {
        var state = Self.settled()
        state.relations = [Self.relation(isCreated: false)]
        state.relations[0].isDying = true
        #expect(Resolver.next(state) == nil)
    }

    @Test func `a leaving unit departs itself`() {
        var state = Self.settled()
        state.isDying = true
        state.relations = [Self.relation(members: [Self.member(0, joined: true, version: 1, seen: 1)])]
        guard case .relationDeparted(let event) = Resolver.next(state) else {
            Issue.record("not departed")
            return
        }
        #expect(event.departingUnit == Self.unit)
    }

    @Test func `while a hook has failed only actions run until it is due`() {
        var state = Self.settled()
        state.isConfigNew = true
        state.hasRebooted = true
        state.unfinishedHook = UnfinishedHook(event: .install, failures: 1, isDue: false)
        #expect(Resolver.next(state) == nil)
        state.action = ActionEvent(name: "greet", id: "1")
        #expect(Resolver.next(state)?.isAction == true)
        state.action = nil
        state.unfinishedHook?.isDue = true
        #expect(Resolver.next(state) == .install)
    }

    @Test func `a hook a dead agent began comes before everything`() {
        var state = Self.settled()
        state.action = ActionEvent(name: "greet", id: "1")
        state.unfinishedHook = UnfinishedHook(event: .updateStatus, failures: 0, isDue: true)
        #expect(Resolver.next(state) == .updateStatus)
    }

    /// Telling the charm what the resolver says, whatever the state, ends, and installs before it starts.
    @Test(arguments: 0..<200) func `telling ends from any state`(seed: Int) {
        var random = Numbers(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1)
        var state = UnitState()
        state.unit = Self.unit
        state.isConfigNew = true
        state.isCharmNew = random.flag()
        state.isDying = random.flag()
        state.relations = (0..<random.next(3)).map { number in
            let members = (0..<random.next(4)).map {
                let joined = random.flag()
                return Self.member($0, present: random.flag(), joined: joined, version: Int64(random.next(3)), seen: 0)
            }
            var relation = Self.relation(number, isCreated: random.flag(), members: members)
            relation.isDying = random.flag()
            relation.version = Int64(random.next(3))
            return relation
        }
        var told: [HookEvent] = []
        while let event = Resolver.next(state), told.count < 200 {
            told.append(event)
            state.apply(event)
        }
        #expect(told.count < 200)
        let names = told.map(\.name)
        if let start = names.firstIndex(of: "start") {
            #expect(names.firstIndex(of: "install") ?? start < start)
            #expect(names.firstIndex(of: "config-changed") ?? start < start)
        }
        for (index, event) in told.enumerated() {
            guard case .relationJoined(let joined) = event else { continue }
            #expect(told.dropFirst(index + 1).first == .relationChanged(joined))
        }
    }
}

/// Numbers that are the same in each run.
private struct Numbers {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }

    mutating func flag() -> Bool { next(2) == 1 }
}

extension UnitState {
    /// What the store does to the state when a hook is committed.
    fileprivate mutating func apply(_ event: HookEvent) {
        switch event {
        case .install: (isInstalled, isCharmNew) = (true, false)
        case .start: (isStarted, hasRebooted) = (true, false)
        case .stop: isStopped = true
        case .remove: isRemoved = true
        case .configChanged: isConfigNew = false
        case .upgradeCharm: (isCharmNew, isConfigNew) = (false, true)
        case .leaderElected: isLeaderElected = true
        default: applyRelation(event)
        }
    }

    private mutating func applyRelation(_ event: HookEvent) {
        guard let about = event.relation, let index = relations.firstIndex(where: { $0.id == about.id }) else { return }
        let unit = about.remoteUnit?.description
        let member = relations[index].members.firstIndex { $0.unit == unit }
        switch event {
        case .relationCreated: relations[index].isCreated = true
        case .relationBroken: relations.remove(at: index)
        case .relationDeparted:
            guard let member else { return }
            relations[index].members[member].isJoined = false
            if !relations[index].members[member].isPresent || isDying || relations[index].isDying {
                relations[index].members.remove(at: member)
            }
        case .relationJoined, .relationChanged:
            guard let member else {
                relations[index].seenVersion = relations[index].version
                return
            }
            relations[index].members[member].isJoined = true
            relations[index].members[member].seenVersion = relations[index].members[member].version
            if case .relationJoined = event {
                relations[index].owedChanged = unit
            } else {
                relations[index].owedChanged = nil
            }
        default: break
        }
    }
}
