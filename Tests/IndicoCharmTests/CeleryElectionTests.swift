// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@testable import IndicoCharm

/// Guarantee G4, the election's half: who shall run the scheduler.
///
/// That two that believe so never schedule at once is the lease's half, in ``BeatLeaseTests``.
@Suite struct CeleryElectionTests {
    /// Three units of one application over one databag, with events that are lost.
    private struct Application {
        var units: [IndicoWorld]
        var databag = ["secret-key": "k"]
        var present: Set<Int> = [0, 1, 2]
        var leader = 0

        init() throws {
            let workload = FakeWorkload()
            workload.change { $0.database = "current" }
            units = try (0..<3).map { try IndicoWorld(isLeader: false, unit: $0, workload: workload) }
        }

        /// Has a unit see what is, by whatever event comes.
        mutating func deliver(to number: Int) throws {
            let others = present.filter { $0 != number }
            let peers = RelationState(
                peer: "indico-peers",
                id: 11,
                application: "indico",
                peersData: Dictionary(uniqueKeysWithValues: others.map { ($0, [:]) }),
                applicationData: databag
            )
            units[number].world.isLeader = number == leader
            units[number].world.relations.removeAll(where: \.isPeer)
            units[number].world.relations.append(peers)
            try units[number].run(.updateStatus)
            if number == leader { databag = units[number].toldPeers }
        }

        /// The units that are there and run a scheduler.
        var schedulers: [Int] { present.sorted().filter { units[$0].running("celery-beat") } }
    }

    @Test(arguments: 0..<6)
    func `whatever was lost, one event on each unit leaves exactly one scheduler`(seed: Int) throws {
        var dice = Dice(state: UInt64(seed))
        var application = try Application()
        for _ in 0..<15 {
            switch Int.random(in: 0..<6, using: &dice) {
            case 0: application.leader = application.present.sorted().randomElement(using: &dice) ?? 0
            case 1 where application.present.count > 1:
                // Gone, and nobody is told.
                let gone = Int.random(in: 0..<3, using: &dice)
                application.present.remove(gone)
                if application.leader == gone { application.leader = application.present.min() ?? 0 }
            case 2: application.present = [0, 1, 2]
            default:
                let number = application.present.sorted().randomElement(using: &dice) ?? 0
                try application.deliver(to: number)
            }
        }
        try application.deliver(to: application.leader)
        for number in application.present.sorted() { try application.deliver(to: number) }
        #expect(application.schedulers.count == 1, "\(application.schedulers), \(application.databag)")
        #expect(application.databag["celery-unit"] == application.schedulers.first.map { "indico/\($0)" })
    }

    @Test func `the leader that runs Celery leaves: the next leader takes over, and gives nothing back`() throws {
        var application = try Application()
        for number in [0, 1, 2] { try application.deliver(to: number) }
        #expect(application.schedulers == [0])
        application.present = [1, 2]
        application.leader = 1
        try application.deliver(to: 1)
        #expect(application.schedulers == [1])
        // Unit 0 comes back, a leader again, with its old scheduler still running: it stops that.
        application.present = [0, 1, 2]
        application.leader = 0
        try application.deliver(to: 0)
        try application.deliver(to: 1)
        #expect(application.schedulers == [1])
    }

    @Test func `leadership that moves and comes back moves no scheduler`() throws {
        var application = try Application()
        for number in [0, 1, 2] { try application.deliver(to: number) }
        for leader in [1, 2, 0] {
            application.leader = leader
            for number in [leader, 0, 1, 2] { try application.deliver(to: number) }
            #expect(application.schedulers == [0])
        }
    }
}

/// A source of chance that gives the same each time.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
