// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

/// What an operator has told once more.
@Suite struct TriggerTests {
    private static let remote = RemoteApplication(
        name: "postgres",
        databag: ["x": "1"],
        units: [0: ["host": "a"], 1: ["host": "b"]]
    )

    @Test func `a hook that is triggered comes once more, with what belongs to it`() async throws {
        let metadata = TestUnit.metadata + "\nstorage: {data: {type: filesystem}}\n"
        let unit = try TestUnit(metadata: metadata)
        try await unit.run { client in
            try client.integrate(endpoint: "db", with: Self.remote)
            try await unit.expectLast(["db-relation-changed postgres postgres/1"])
            let postgres = ["postgres postgres/0", "postgres postgres/1"]
            for (hook, events) in [
                ("update-status", ["update-status"]), ("config-changed", ["config-changed"]), ("start", ["start"]),
                ("upgrade-charm", ["upgrade-charm", "config-changed"]), ("leader-elected", ["leader-elected"]),
                ("data-storage-attached", ["data-storage-attached"]),
                ("db-relation-created", ["db-relation-created postgres"]),
                ("friends-relation-created", ["friends-relation-created tiny"]),
                (
                    "db-relation-changed",
                    ["db-relation-changed postgres"] + postgres.map { "db-relation-changed \($0)" }
                ),
                ("db-relation-joined", postgres.flatMap { ["db-relation-joined \($0)", "db-relation-changed \($0)"] }),
            ] {
                try await unit.settle()
                let before = unit.events.count
                try client.trigger(hook: hook)
                try await eventually("\(hook) comes: \(unit.events.dropFirst(before))") {
                    unit.events.count >= before + events.count
                }
                try await unit.settle()
                #expect(unit.events.dropFirst(before) == events[...], "\(hook)")
            }
        }
    }

    @Test func `an owned secret is due for rotation and expiry when that is triggered, and only once`() async throws {
        let add = "secret-add --label key --rotate yearly --expire 9000h key=value"
        let rotate = "secret-set --owner application $JUJU_SECRET_ID key=other"
        let unit = try TestUnit(hooks: ["hooks/start": add, "hooks/secret-rotate": rotate])
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            try client.trigger(hook: "secret-rotate")
            try await eventually("it is rotated") { unit.events.contains("secret-rotate") }
            try await unit.settle()
            try client.trigger(hook: "secret-expired")
            try await eventually("it is expired") { unit.events.contains { $0.hasPrefix("secret-expired") } }
            try await unit.settle()
            #expect(unit.events.count { $0 == "secret-rotate" } == 1)
        }
    }

    @Test func `what is triggered while a hook is in error comes after it`() async throws {
        let unit = try TestUnit(hooks: ["hooks/update-status": "[ -e $TEST_DIR/mended ] || exit 1"])
        try await unit.run(changing: { $0.retriesHooks = false }) { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            try client.trigger(hook: "update-status")
            try await unit.expectLast(["update-status"])
            try await eventually("the hook is in error") { try client.status().failedHook != nil }
            try client.trigger(hook: "leader-elected")
            try unit.directory.write("", to: "mended")
            #expect(!unit.events.suffix(1).contains("leader-elected"))
            try client.resolved()
            try await unit.expectLast(["update-status", "update-status", "leader-elected"])
        }
    }

    @Test(arguments: [
        ("no-such-hook", ControlFailure.Code.notFound), ("greet", .notFound), ("install", .invalid), ("stop", .invalid),
        ("db-relation-broken", .invalid), ("friends-relation-departed", .invalid), ("secret-changed", .invalid),
        ("db-relation-changed", .conflict), ("secret-rotate", .conflict),
    ])
    func `what is not so is not told`(hook: String, code: ControlFailure.Code) async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            let failure = #expect(throws: ControlFailure.self) { try client.trigger(hook: hook) }
            #expect(failure?.code == code)
            #expect(unit.events.count == 5)
        }
    }
}
