// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import HookProtocol
import OneMachine
import Testing
import UnitAgent

/// What the operator answers, read as the charm reads it.
///
/// The two share no code, as the charm is not part of the operator: here they must understand each other, down to the
/// characters that have a meaning somewhere between.
@Suite struct AgreementTests {
    private static let password = "p@ss/w:rd %42 \u{e9}\"'\\"

    private func databags(_ remote: RemoteApplication) -> RemoteDatabags {
        func plain(_ values: [String: DatabagValue]) -> [String: String] {
            values.mapValues { value in
                switch value {
                case .text(let text): text
                case .secret(let name): name
                }
            }
        }
        var units: [UnitName: [String: String]] = [:]
        for (number, values) in remote.units {
            units[UnitName(application: remote.name, number: number)] = plain(values)
        }
        return RemoteDatabags(application: plain(remote.databag), units: units)
    }

    private func secret(of remote: RemoteApplication) -> (String) -> SecretReading {
        { name in remote.secrets[name].map { .content($0) } ?? .invalid("there is none") }
    }

    private func relations() throws -> [String: RemoteApplication] {
        var settings = Settings(ports: [:])
        let encoded = ServerURL.encoded(Self.password)
        settings.external[.postgresql] = try .postgresql("postgresql://chair%20person:\(encoded)@db:5433/meetings")
        settings.external[.redisCache] = try .redis("redis://:\(encoded)@cache:7000", option: "--redis-cache")
        settings.external[.redisBroker] = try .redis("redis://broker", option: "--redis-broker")
        let relations = try RequiredRelations(
            settings: settings,
            credentials: Credentials(postgresql: "a", redisCache: "b", redisBroker: "c"),
            databaseVersion: "15.18"
        )
        return Dictionary(uniqueKeysWithValues: relations.answers.map { ($0.endpoint, $0.remote) })
    }

    @Test func `the charm reads the database that was answered`() throws {
        let remote = try #require(relations()["database"])
        let reading = try PostgreSQLClient.read(databags(remote), secret: secret(of: remote))
        guard case .ready(let database) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(database.endpoints.map(\.description) == ["db:5433"])
        #expect(database.database == "meetings")
        #expect(database.username == "chair person")
        #expect(database.password == Self.password)
        #expect(database.version == "15.18")
    }

    @Test func `the charm reads the Redis servers that were answered, with a password and without`() throws {
        let expected = [
            "redis-cache": ("cache:7000", Self.password), "redis-broker": ("broker:6379", nil),
        ]
        let relations = try relations()
        for (endpoint, (place, password)) in expected {
            let remote = try #require(relations[endpoint])
            let reading = try Redis.read(databags(remote), secret: secret(of: remote))
            guard case .ready(let server) = reading else {
                Issue.record("\(endpoint): \(reading)")
                continue
            }
            #expect(server.endpoint.description == place)
            #expect(server.password == password)
        }
    }

    @Test(arguments: MailRelay.Security.allCases)
    func `the charm reads the mail relay that was answered`(security: MailRelay.Security) throws {
        let remote =
            MailRelay(
                host: "mx.example.com",
                port: 587,
                user: "mailer",
                password: Self.password,
                security: security,
                sender: "a@example.com",
                domain: "example.com",
                skipsCertificateCheck: true
            ).answer
        let reading = try SMTP.read(databags(remote), secret: secret(of: remote))
        guard case .ready(let server) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(server.endpoint.description == "mx.example.com:587")
        #expect(server.security.rawValue == security.rawValue)
        #expect(server.user == "mailer")
        #expect(server.password == Self.password)
        #expect(server.sender == "a@example.com")
        #expect(server.domain == "example.com")
        #expect(server.skipsCertificateVerification)
    }
}
