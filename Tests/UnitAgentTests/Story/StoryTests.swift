// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import UnitAgent

/// A charm on Canonical's own framework, unmodified, under our agent and our Pebble, and the same told with CharmKit.
///
/// What takes us for Juju must find Juju, and both must leave the same behind.
@Suite(
    .enabled(if: OpsEnvironment.isWanted, "needs python3-venv, unshare, and ops \(OpsEnvironment.version) from PyPI")
)
struct StoryTests {
    @Test(arguments: [false, true])
    func `a charm on ops and one on CharmKit leave the same behind`(storesInJuju: Bool) async throws {
        try #require(OpsEnvironment.python != nil, "ops \(OpsEnvironment.version) cannot be installed")
        let ops = StoryUnit.Teller.ops(storesInJuju: storesInJuju)
        async let first = StoryUnit(ops).tell()
        async let second = StoryUnit(.charmKit).tell()
        let (one, other) = (try await first, try await second)
        for (left, right) in zip(one.chapters, other.chapters) { #expect(left == right, "\(left.title)") }
        #expect(one.chapters.count == other.chapters.count)
        for (left, right) in zip(one.actions, other.actions) { #expect(left == right) }
        #expect(one.lastWords == other.lastWords)
        #expect(one.events == other.events)
        // Equal is not enough: both could be wrong.
        #expect(one.lastWords == "2 2\n")
        #expect(one.actions.map(\.status) == Self.actionStatuses)
        #expect(one.actions.first?.results["nested.times"] == "2")
        #expect(Self.events.isSubset(of: one.events), "\(Self.events.subtracting(one.events))")
        try check(one)
        print(
            "story: \(one.chapters.count) chapters, \(one.events.count) kinds of events, equal for \(ops) and CharmKit"
        )
    }

    private func check(_ chronicle: StoryUnit.Chronicle) throws {
        let made = try #require(chronicle.chapters.first { $0.title.hasPrefix("secrets made") })
        #expect(made.secrets["token"]?.grants == ["site/web -> web"])
        #expect(made.secrets["token"]?.rotate == "monthly")
        #expect(made.secrets["brief"]?.expiringRevisions == [1])
        #expect(made.databags["site/web"]?["tiny"] == ["token": "secret of token"])
        let later = try #require(chronicle.chapters.first { $0.title.hasPrefix("a month later") })
        #expect(later.secrets["token"]?.revisions == [1: ["token-key": "one"], 3: ["token-key": "rotated"]])
        #expect(later.secrets["brief"] == nil)
        let options = try #require(chronicle.chapters.first { $0.title.hasPrefix("options set") })
        #expect(options.unitStatus == "blocked: too many")
        #expect(options.applicationStatus == "maintenance: told by the leader")
        #expect(options.openedPorts == ["8080/tcp", "9000/udp"])
        let last = try #require(chronicle.chapters.last).databags["friends/tiny"]?["tiny/0"]
        #expect(last?["exec"] == "typed spoken")
        #expect(last?["file"] == "page 640 8 welcome")
        #expect(last?["departed-pg"] == "pg/2 pg/2 0")
        #expect(last?["half"] == "kept")
        #expect(last?["break"] == nil)
    }

    private static let actionStatuses = [
        "completed", "completed", "failed", "completed", "failed", "failed", "completed",
    ]

    private static let events: Set<String> = [
        "install", "leader-elected", "config-changed", "start", "upgrade-charm", "stop", "remove",
        "data-storage-attached", "data-storage-detaching", "cache-storage-attached", "cache-storage-detaching",
        "friends-relation-created", "friends-relation-joined", "friends-relation-changed", "friends-relation-departed",
        "db-relation-created", "db-relation-joined", "db-relation-changed", "db-relation-departed",
        "db-relation-broken",
        "site-relation-created", "site-relation-joined", "site-relation-changed", "site-relation-departed",
        "site-relation-broken", "secret-changed", "secret-rotate", "secret-expired", "secret-remove",
        "web-pebble-ready", "web-pebble-custom-notice", "web-pebble-check-failed", "web-pebble-check-recovered",
        "greet", "describe", "half", "break", "forget",
    ]
}
