// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Synchronization
import Testing

@testable import UnitAgent

@Suite struct SecretTests {
    private static func postgres(_ password: String) -> RemoteApplication {
        RemoteApplication(
            name: "postgres",
            databag: ["secret-user": .secret("user")],
            secrets: ["user": ["username": "tiny", "password": password]]
        )
    }

    @Test func `a remote secret is read, rotated, told, and followed only on refresh`() async throws {
        let unit = try TestUnit(hooks: [
            "hooks/db-relation-changed": """
            if [ -z "$JUJU_REMOTE_UNIT" ]; then
                id=$(relation-get --app secret-user postgres)
                secret-get "$id" --label db --format=json >> $TEST_DIR/read
            fi
            """,
            "hooks/secret-changed": """
            echo "$JUJU_SECRET_LABEL" >> $TEST_DIR/read
            secret-get --label db --format=json >> $TEST_DIR/read
            secret-get --label db --peek --format=json >> $TEST_DIR/read
            secret-get --label db --refresh --format=json >> $TEST_DIR/read
            """,
        ])
        try await unit.run { client in
            try client.integrate(endpoint: "db", with: Self.postgres("one"))
            try await unit.expectLast(["db-relation-changed postgres postgres/0"])
            try client.integrate(endpoint: "db", with: Self.postgres("one"))
            try client.integrate(endpoint: "db", with: Self.postgres("two"))
            try await unit.expectLast(["db-relation-changed postgres postgres/0", "secret-changed"])
            try await unit.settle()
        }
        let two = #"{"password":"two","username":"tiny"}"#
        #expect(
            unit.directory.read("read").split(separator: "\n").map(String.init) == [
                #"{"password":"one","username":"tiny"}"#, "db", #"{"password":"one","username":"tiny"}"#, two, two,
            ]
        )
        #expect(!unit.log.contains("two"))
    }

    @Test func `a secret of the operator's is readable until it is removed`() async throws {
        let script = "action-set read=\"$(secret-get $(action-get whom) password 2>&1)\""
        let unit = try TestUnit(hooks: ["actions/greet": script])
        try await unit.run { client in
            let uri = try client.addSecret(["password": "hidden"])
            let read = try await unit.run(action: "greet", parameters: ["whom": uri]).result
            #expect(read.results["read"] == "hidden")
            try client.removeSecret(uri)
            let gone = try await unit.run(action: "greet", parameters: ["whom": uri]).result
            #expect(gone.results["read"]?.contains("not found") ?? false)
            #expect(throws: ControlFailure.self) { try client.removeSecret(uri) }
        }
        #expect(!unit.log.contains("hidden"))
    }

    @Test func `a secret of a broken relation is gone`() async throws {
        let script = "secret-get --label db > $TEST_DIR/out 2>&1; echo $? >> $TEST_DIR/out"
        let unit = try TestUnit(hooks: [
            "hooks/db-relation-changed":
                "[ -n \"$JUJU_REMOTE_UNIT\" ] || secret-get $(relation-get --app secret-user) --label db",
            "actions/slow": script,
        ])
        try await unit.run { client in
            try client.integrate(endpoint: "db", with: Self.postgres("one"))
            try await unit.expectLast(["db-relation-changed postgres postgres/0"])
            try client.removeRelation(endpoint: "db")
            try await unit.expectLast(["db-relation-broken postgres"])
            _ = try await unit.run(action: "slow")
        }
        #expect(unit.directory.read("out") == "ERROR consumer label \"db\" not found\n1\n")
    }

    @Test func `an own secret is due for rotation, and again until it has a new revision`() async throws {
        let time = Mutex(Timestamp.now())
        let unit = try TestUnit(hooks: [
            "hooks/install": "secret-add --rotate hourly --label mine password=first > $TEST_DIR/id",
            "hooks/secret-rotate": "[ -e $TEST_DIR/mended ] && secret-set $JUJU_SECRET_ID password=second; true",
        ])
        let advance = { (seconds: Int64) in
            time.withLock { $0 = $0 + .seconds(seconds) }
        }
        try await unit.run(changing: { $0.updateStatusInterval = .seconds(1 << 40) }, now: { time.withLock { $0 } }) {
            client in
            try await unit.expectLast(["start"])
            advance(3601)
            try client.setConfig(["count": "4"])
            try await unit.expectLast(["start", "secret-rotate", "config-changed"])
            try unit.directory.write("", to: "mended")
            advance(301)
            try client.setConfig(["count": "5"])
            try await unit.expectLast(["secret-rotate", "secret-remove 1", "config-changed"])
            advance(301)
            try client.setConfig(["count": "6"])
            try await unit.expectLast(["secret-remove 1", "config-changed", "config-changed"])
        }
    }

    @Test func `an expired revision is told to its owner`() async throws {
        let time = Mutex(Timestamp.now())
        let unit = try TestUnit(hooks: [
            "hooks/install": "secret-add --expire 1h --owner unit password=first",
            "hooks/secret-expired": "secret-remove $JUJU_SECRET_ID --revision $JUJU_SECRET_REVISION",
        ])
        try await unit.run(changing: { $0.updateStatusInterval = .seconds(1 << 40) }, now: { time.withLock { $0 } }) {
            client in
            try await unit.expectLast(["start"])
            time.withLock { $0 = $0 + .seconds(3601) }
            try client.setConfig(["count": "4"])
            try await unit.expectLast(["start", "secret-expired 1", "config-changed"])
            try await unit.settle()
        }
        let store = try ModelStore(path: unit.configuration.databasePath)
        #expect(try store.read { try $0.secrets() }.isEmpty)
    }
}
