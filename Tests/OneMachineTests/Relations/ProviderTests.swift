// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing
import UnitAgent

@Suite struct ProviderTests {
    private let credentials = Credentials(postgresql: "pg", redisCache: "rc", redisBroker: "rb")
    private let ports: [LocalServerName: UInt16] = [.postgresql: 15432, .redisCache: 16379, .redisBroker: 16380]

    @Test func `the database is answered as the postgresql_client interface has it`() throws {
        let relations = try RequiredRelations(
            settings: Settings(ports: ports),
            credentials: credentials,
            databaseVersion: "15.18"
        )
        let answer = try #require(relations.answers.first { $0.endpoint == "database" })
        #expect(
            answer.remote
                == RemoteApplication(
                    name: "postgresql",
                    databag: [
                        "database": "indico", "endpoints": "127.0.0.1:15432", "version": "15.18",
                        "secret-user": .secret("user"),
                    ],
                    units: [0: [:]],
                    secrets: [
                        "user": [
                            "username": "indico", "password": "pg",
                            "uris": "postgresql://indico:pg@127.0.0.1:15432/indico",
                        ]
                    ]
                )
        )
    }

    @Test func `each Redis is answered as the redis interface has it, its password in a secret`() throws {
        let relations = try RequiredRelations(
            settings: Settings(ports: ports),
            credentials: credentials,
            databaseVersion: ""
        )
        let broker = try #require(relations.answers.first { $0.endpoint == "redis-broker" }).remote
        #expect(broker.units == [0: ["hostname": "127.0.0.1", "port": "16380"]])
        #expect(broker.databag == ["leader-host": "127.0.0.1", "secret-user": .secret("user")])
        #expect(broker.secrets == ["user": ["password": "rb"]])
    }

    @Test func `an external server answers in the local one's place`() throws {
        var settings = Settings(ports: ports)
        settings.external[.postgresql] = try .postgresql("postgresql://u:p%40@db:5433/events")
        settings.external[.redisCache] = try .redis("redis://cache:7000", option: "--redis-cache")
        let relations = try RequiredRelations(settings: settings, credentials: credentials, databaseVersion: "")
        let database = relations.answers[0].remote
        #expect(database.databag["endpoints"] == "db:5433")
        #expect(database.databag["version"] == nil)
        #expect(database.secrets["user"]?["uris"] == "postgresql://u:p%40@db:5433/events")
        let cache = relations.answers[1].remote
        #expect(cache.secrets.isEmpty)
        #expect(cache.databag == ["leader-host": "cache"])
    }

    @Test func `a mail relay is answered as the smtp interface has it`() {
        let plain = MailRelay(host: "localhost", port: 1025).answer
        #expect(
            plain.databag
                == [
                    "host": "localhost", "port": "1025", "auth_type": "none", "transport_security": "none",
                    "skip_ssl_verify": "False",
                ]
        )
        let full = MailRelay(
            host: "mx",
            port: 587,
            user: "m",
            password: "s",
            security: .starttls,
            sender: "a@b.c",
            domain: "b.c"
        ).answer
        #expect(full.databag["password_id"] == .secret("password"))
        #expect(full.databag["password"] == nil)
        #expect(full.databag["auth_type"] == "plain")
        #expect(full.secrets == ["password": ["password": "s"]])
    }
}
