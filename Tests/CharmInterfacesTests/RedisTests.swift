// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct RedisTests {
    private func read(_ world: World, _ endpoint: String = "redis-broker") throws -> RelationReading<RedisServer> {
        try reading(in: world) { try Redis.read(endpoint, $0) }.0
    }

    @Test func `the recorded providers are read, the leader's host first`() throws {
        let recording = try Recording("05-redis-broker-cache")
        let broker = try read(recording.world(atStep: 0)).value?.url()
        #expect(broker == "redis://redis-broker-0.redis-broker-endpoints.indico-model.svc.cluster.local:6379")
        let cache = try read(recording.world(atStep: 0), "redis-cache").value?.url(database: 0)
        #expect(cache == "redis://redis-cache-0.redis-cache-endpoints.indico-model.svc.cluster.local:6379/0")
    }

    @Test func `a failover in the application's databag is followed`() throws {
        let recording = try Recording("05-redis-broker-cache")
        #expect(
            try read(recording.world(atStep: 6)).value?.url() == "redis://redis-broker-1.redis-broker-endpoints:6379"
        )
    }

    @Test func `an older provider is read from its first unit, always the same`() throws {
        let recording = try Recording("05-redis-broker-cache")
        #expect(try read(recording.world(atStep: 7)).value?.url() == "redis://10.1.2.10:6379")
    }

    @Test func `units that left and units that wrote nothing are waited for`() throws {
        let recording = try Recording("05-redis-broker-cache")
        #expect(try read(recording.world(atStep: 8)) == .waiting("hostname and port"))
        var world = World()
        world.relations = [RelationState("redis-broker", id: 1, remoteApplication: "redis")]
        #expect(try read(world) == .waiting("hostname and port"))
        #expect(try read(World()) == .absent)
    }

    @Test(arguments: [
        ["hostname": "h", "port": "0"], ["hostname": "h", "port": "x"], ["hostname": "a/b", "port": "1"],
    ])
    func `a unit that wrote nonsense is named, and another one is taken when there is one`(
        data: [String: String]
    ) throws {
        var world = World()
        world.relations = [RelationState("redis-broker", id: 1, remoteApplication: "redis", remoteUnitsData: [0: data])]
        guard case .invalid(let reason) = try read(world) else {
            Issue.record("nonsense was read")
            return
        }
        #expect(reason.contains("redis/0"))
        world.relations[0].remoteUnitsData[UnitName(application: "redis", number: 1)] = ["hostname": "ok", "port": "1"]
        #expect(try read(world).value?.url() == "redis://ok:1")
    }

    @Test func `what our provider half writes our requirer half reads, the password by secret`() throws {
        let endpoint = try #require(NetworkEndpoint(host: "127.0.0.1", port: 16380))
        let server = RedisServer(endpoint: endpoint, username: "indico", password: "p@ss/word")
        let provider = RedisProvider(server)
        let databags = RemoteDatabags(
            application: provider.applicationDatabag(secret: "secret:redis1"),
            units: [UnitName(application: "redis", number: 0): provider.unitDatabag]
        )
        let secret = try #require(provider.secret)
        #expect(try Redis.read(databags) { _ in .content(secret) } == .ready(server))
        #expect(server.url() == "redis://indico:p%40ss%2Fword@127.0.0.1:16380")
        #expect(try Redis.read(databags) { _ in .waiting("") } == .waiting("access to the secret in secret-user"))
        #expect(
            try Redis.read(databags) { _ in .content(["other": "x"]) }
                == .invalid("secret-user: the secret has no password")
        )
    }
}
