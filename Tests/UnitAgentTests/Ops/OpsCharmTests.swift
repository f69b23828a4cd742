// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import Testing

@testable import UnitAgent

/// Canonical's own framework as a client of our tools: what it takes for Juju must be Juju.
@Suite(.enabled(if: OpsEnvironment.python != nil, "needs python3-venv, and ops \(OpsEnvironment.version) from PyPI"))
struct OpsCharmTests {
    private static func unit(storesInJuju: Bool) throws -> TestUnit {
        let python = try #require(OpsEnvironment.python)
        let unit = try TestUnit(metadata: OpsCharm.metadata)
        try unit.directory.write(OpsCharm.config, to: "charm/config.yaml")
        try unit.directory.write(OpsCharm.actions, to: "charm/actions.yaml")
        try unit.directory.write(OpsCharm.source, to: "charm/src/charm.py")
        let stores = storesInJuju ? "export JUJU_STORES=1\n" : ""
        let dispatch = """
            #!/bin/sh
            echo "${JUJU_DISPATCH_PATH#*/}" >> "$TEST_DIR/events"
            \(stores)exec \(python) src/charm.py
            """
        try unit.directory.write(dispatch, to: "charm/dispatch", mode: 0o755)
        return unit
    }

    private static func postgres(_ user: String) -> RemoteApplication {
        RemoteApplication(
            name: "postgres",
            databag: ["secret-user": .secret("user"), "version": "15"],
            units: [0: ["host": "a"], 1: ["host": "b"]],
            secrets: ["user": ["username": user, "password": "hidden"]]
        )
    }

    /// What the charm told in its peer databag.
    private static func told(
        _ client: AgentControlClient,
        _ key: String,
        by entity: String = "tiny/0"
    ) throws -> String? {
        try client.relations().first { $0.relation.peer }?.databags[entity]?[key]
    }

    @Test(arguments: [false, true])
    func `a charm on ops lives its whole life`(storesInJuju: Bool) async throws {
        let unit = try Self.unit(storesInJuju: storesInJuju)
        try await unit.run { client in
            let settled = { (event: String) in
                try await eventually("\(event) and nothing after") {
                    try unit.events.last == event && client.status().unit.agent.status == "idle"
                }
            }
            try await settled("start")
            #expect(
                unit.events == [
                    "data-storage-attached", "install", "friends-relation-created", "leader-elected", "config-changed",
                    "start",
                ]
            )
            let config = #"{"count": 3, "greeting": "hello", "loud": true, "ratio": 0.5}"#
            #expect(try Self.told(client, "config") == config)
            #expect(try Self.told(client, "address") == "\"127.0.0.1\"")
            #expect(unit.log.contains("INFO unit.tiny/0.juju-log configured with hello"))

            // Deferred at start, replayed by the next event.
            #expect(try Self.told(client, "starts", by: "tiny") == nil)
            try client.setConfig(["count": "4", "ratio": "2"])
            try await settled("config-changed")
            #expect(try Self.told(client, "starts", by: "tiny") == "2")
            #expect(try Self.told(client, "ports") == #"["8080", "9000"]"#)
            #expect(try Self.told(client, "planned") == "1")
            #expect(try Self.told(client, "connect") == "false")
            let status = try client.status()
            #expect(status.unit.workload.status == "blocked")
            #expect(status.unit.workload.message == "too many")
            #expect(status.application.status.message == "told by the leader")
            #expect(status.application.workloadVersion == "1.2.3")
            #expect(status.unit.openedPorts == ["8080/tcp", "9000/udp"])
            #expect(try Self.told(client, "model") == "\"\(status.model.uuid)\"")

            try client.integrate(endpoint: "db", with: Self.postgres("one"))
            try await settled("db-relation-changed")
            #expect(try Self.told(client, "units") == #"{"postgres/0": {"host": "a"}, "postgres/1": {"host": "b"}}"#)
            #expect(try Self.told(client, "user") == "\"one\"")
            #expect(try Self.told(client, "own") == #"["abc", 1, "monthly"]"#)
            let database = try #require(try client.relations().first { $0.relation.endpoint == "db" })
            #expect(database.databags["tiny"]?["token"]?.hasPrefix("secret:") == true)

            try client.integrate(endpoint: "db", with: Self.postgres("two"))
            try await settled("secret-changed")
            #expect(try Self.told(client, "secret") == #"["db", "one", "two", "two"]"#)

            try client.removeRelation(endpoint: "db")
            try await settled("db-relation-broken")
            #expect(try Self.told(client, "departed") == #"["postgres/1", "postgres/1"]"#)
            #expect(try Self.told(client, "broken") == "[\(database.relation.id), 0]")
        }
    }

    @Test func `an action on ops returns nested results, logs and fails by its own word`() async throws {
        let unit = try Self.unit(storesInJuju: false)
        try await unit.run { _ in
            let (result, lines) = try await unit.run(action: "greet", parameters: ["whom": "you"])
            #expect(result.status == "completed")
            #expect(result.results["nested.times"] == "2")
            #expect(lines == ["greeting you"])
            let failed = try await unit.run(action: "greet", parameters: ["whom": "nobody"]).result
            #expect(failed.status == "failed")
            #expect(failed.message == "nobody is there")
        }
    }
}
