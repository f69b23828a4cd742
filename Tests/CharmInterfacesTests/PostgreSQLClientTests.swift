// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct PostgreSQLClientTests {
    private static let host = "postgresql-k8s-primary.indico-model.svc.cluster.local"

    private func expected(_ endpoints: [(String, Int)] = [(host, 5432)]) throws -> PostgreSQLDatabase {
        PostgreSQLDatabase(
            endpoints: try endpoints.map { try #require(NetworkEndpoint(host: $0.0, port: $0.1)) },
            database: "indico",
            username: "relation_id_1",
            password: "somepass",
            version: "14.15"
        )
    }

    @Test(arguments: ["01-database-databag-leader", "02-database-secrets-leader", "03-database-secrets-nonleader"])
    func `a recorded provider is read, by secret or in plain`(name: String) throws {
        let recording = try Recording(name)
        let before = try reading(in: recording.world(atStep: 0)) { try PostgreSQLClient.read("database", $0) }.0
        #expect(before == .waiting("endpoints"))
        let index = try #require(recording.steps.firstIndex { $0.event.hasPrefix("relation-changed") })
        let ready = try reading(in: recording.world(atStep: index)) { try PostgreSQLClient.read("database", $0) }.0
        #expect(try ready == .ready(expected()))
        #expect(ready.value?.uri() == "postgresql://relation_id_1:somepass@\(Self.host):5432/indico")
    }

    @Test func `a provider that moved is followed, the first endpoint first`() throws {
        let recording = try Recording("01-database-databag-leader")
        let moved = try reading(in: recording.world(atStep: 3)) { try PostgreSQLClient.read("database", $0) }.0
        #expect(try moved == .ready(expected([("pg-new", 5432), ("pg-old", 5432)])))
    }

    @Test func `a rotated password is read without anyone asking for it`() throws {
        let recording = try Recording("02-database-secrets-leader")
        var world = try recording.world(atStep: 2)
        world.secrets[0].revisions.append(["username": "relation_id_1", "password": "rotated"])
        let (result, output) = try reading(in: world) { try PostgreSQLClient.read("database", $0) }
        #expect(result.value?.password == "rotated")
        #expect(output.world.secrets[0].trackedRevision == world.secrets[0].revisions.count)
    }

    @Test func `the request is the recorded one without superuser rights`() throws {
        let recording = try Recording("02-database-secrets-leader")
        var recorded = try #require(recording.written("database", after: "relation-created"))
        let (_, output) = try reading(in: recording.world) {
            try PostgreSQLClient.request(database: "indico", "database", $0)
        }
        let written = try #require(output.world[relation: "database"]?.ownApplicationData)
        #expect(recorded.removeValue(forKey: "extra-user-roles") == "SUPERUSER")
        // We give no client certificate.
        #expect(recorded.removeValue(forKey: "provided-secrets") == #"["mtls-cert"]"#)
        #expect(written == recorded)
    }

    @Test func `an upgrade takes superuser rights back and changes nothing else`() throws {
        let recording = try Recording("02-database-secrets-leader")
        var world = recording.world
        world.relations[0].ownApplicationData = try #require(recording.written("database", after: "relation-created"))
        let (_, output) = try reading(in: world) { try PostgreSQLClient.request(database: "indico", "database", $0) }
        var expected = world.relations[0].ownApplicationData
        expected["extra-user-roles"] = nil
        #expect(output.world.relations[0].ownApplicationData == expected)
    }

    @Test func `a unit that does not lead asks for nothing`() throws {
        let recording = try Recording("03-database-secrets-nonleader")
        let (_, output) = try reading(in: recording.world) {
            try PostgreSQLClient.request(database: "indico", "database", $0)
        }
        #expect(output.count(.relationSet) == 0)
    }

    @Test func `without the relation it is absent`() throws {
        #expect(try reading(in: World()) { try PostgreSQLClient.read("database", $0) }.0 == .absent)
    }

    @Test func `a secret that is not granted yet is waited for`() throws {
        var world = try Recording("02-database-secrets-leader").world(atStep: 1)
        world.secrets[0].owner = .other(isGranted: false)
        let result = try reading(in: world) { try PostgreSQLClient.read("database", $0) }.0
        #expect(result == .waiting("access to the secret in secret-user"))
        world.secrets = []
        #expect(
            try reading(in: world) { try PostgreSQLClient.read("database", $0) }.0
                == .waiting("access to the secret in secret-user")
        )
    }

    @Test(arguments: [
        ("endpoints", "not a host:5432", "endpoints"), ("endpoints", "host:99999", "endpoints"),
        ("tls", "perhaps", "tls"), ("secret-user", "--label=x", "secret-user"),
        ("status", #"[{"code": 5001, "message": "no extensions"}]"#, "no extensions"),
        ("password", "a\u{0}b", "password"),
    ])
    func `what cannot be used is refused with its key`(key: String, value: String, word: String) throws {
        let good = PostgreSQLClientProvider(try expected()).applicationDatabag(userSecret: nil, tlsSecret: nil)
        let databags = RemoteDatabags(application: good.merging([key: value]) { $1 })
        let result = try PostgreSQLClient.read(databags) { Secret.isID($0) ? .waiting("") : .invalid("not an id") }
        guard case .invalid(let reason) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(reason.contains(word))
    }

    @Test(arguments: ["endpoints", "database", "username", "password"])
    func `what is missing is waited for by name`(key: String) throws {
        var databag = PostgreSQLClientProvider(try expected()).applicationDatabag(userSecret: nil, tlsSecret: nil)
        databag[key] = nil
        let result = try PostgreSQLClient.read(RemoteDatabags(application: databag)) { _ in .waiting("") }
        #expect(result == .waiting(key))
    }

    @Test func `a subordinate provider is waited for until a unit is ready`() throws {
        var databag = PostgreSQLClientProvider(try expected()).applicationDatabag(userSecret: nil, tlsSecret: nil)
        databag["subordinated"] = "true"
        var databags = RemoteDatabags(application: databag)
        #expect(try PostgreSQLClient.read(databags) { _ in .waiting("") } == .waiting("the database to be ready"))
        databags.units[UnitName(application: "pg", number: 0)] = ["state": "ready"]
        #expect(try PostgreSQLClient.read(databags) { _ in .waiting("") }.value != nil)
    }

    @Test func `what our provider half writes our requirer half reads`() throws {
        var database = try expected([("::1", 15432)])
        database.usesTLS = true
        database.certificateAuthority = "-----BEGIN CERTIFICATE-----"
        let provider = PostgreSQLClientProvider(database)
        let databag = provider.applicationDatabag(userSecret: "secret:user1", tlsSecret: "secret:tls1")
        #expect(!databag.values.contains { $0.contains(database.password) })
        let result = try PostgreSQLClient.read(RemoteDatabags(application: databag)) {
            .content($0 == "secret:user1" ? provider.userSecret : provider.tlsSecret)
        }
        #expect(result == .ready(database))
    }

    @Test func `whatever a password holds, the URI stays one`() throws {
        var database = try expected()
        database.username = "us:er@"
        database.password = "p/ä?#%&=[] '"
        #expect(
            database.uri(parameters: ["sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"])
                == "postgresql://us%3Aer%40:p%2F%C3%A4%3F%23%25%26%3D%5B%5D%20%27@\(Self.host):5432/indico"
                + "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"
        )
    }
}
