// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct IndicoPeersTests {
    private func read(_ world: World) throws -> RelationReading<IndicoPeerState> {
        try reading(in: world) { try IndicoPeers.read("indico-peers", $0) }.0
    }

    /// The recorded charm's key: the repr of 32 bytes, which must stay as it is to the byte.
    private static let key =
        #"b'\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f'"#

    @Test func `an existing deployment's key in the databag is kept, also once juju has secrets`() throws {
        let recording = try Recording("22-peers-leader-juju29")
        var world = recording.world
        world.relations[0].ownApplicationData = try #require(recording.written("indico-peers", after: "leader-elected"))
        let expected = IndicoPeerState(
            secretKey: Self.key,
            celeryUnit: UnitName(application: "indico", number: 0)
        )
        #expect(try read(world) == .ready(expected))
        world.jujuVersion = JujuVersion(major: 3, minor: 6)
        #expect(try read(world) == .ready(expected))
        #expect(
            expected.applicationDatabag == [
                "secret-id": "", "secret-key": Self.key, "celery-unit": "indico/0", "paused": "", "database-mark": "",
                "attachments": "",
            ]
        )
    }

    @Test(arguments: ["23-peers-celery-unit-departed-leader", "24-peers-celery-leader-departing-self"])
    func `an existing deployment's key in a secret is read`(name: String) throws {
        let world = try Recording(name).world
        let state = try #require(try read(world).value)
        #expect(state.secretKey == Self.key)
        #expect(state.secretID == world.relations.first { $0.isPeer }?.ownApplicationData["secret-id"])
        #expect(state.applicationDatabag["secret-key"] == "")
    }

    @Test func `a unit that does not lead reads what its leader wrote`() throws {
        var world = try Recording("23-peers-celery-unit-departed-leader").world
        world.isLeader = false
        #expect(try read(world).value?.secretKey == Self.key)
    }

    @Test func `before the leader acted there is nothing, and no crash`() throws {
        var world = World(unit: UnitName(application: "indico", number: 1))
        #expect(try read(world) == .absent)
        world.relations = [RelationState(peer: "indico-peers", id: 1, application: "indico")]
        #expect(try read(world) == .ready(IndicoPeerState()))
    }

    @Test func `what cannot be used is named`() throws {
        let unit = try IndicoPeers.read(["celery-unit": "nonsense"]) { _ in .waiting("") }
        #expect(unit == .invalid("celery-unit: not a unit's name"))
        let secret = try IndicoPeers.read(["secret-id": "secret:x"]) { _ in .content(["other": "y"]) }
        #expect(secret == .invalid("secret-id: the secret has no secret-key"))
    }
}
