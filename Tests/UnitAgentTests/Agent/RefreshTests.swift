// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import UnitAgent

@Suite struct RefreshTests {
    /// Writes another version of the charm beside the one that runs; returns where.
    private static func write(
        _ version: String,
        of unit: TestUnit,
        metadata: String = TestUnit.metadata
    ) throws -> String {
        let folder = "charm-\(version)"
        try unit.directory.write(metadata, to: "\(folder)/metadata.yaml")
        try unit.directory.write(TestUnit.config, to: "\(folder)/config.yaml")
        try unit.directory.write(TestUnit.actions + "\nwave: {}\n", to: "\(folder)/actions.yaml")
        try unit.directory.write(version, to: "\(folder)/version")
        try unit.link("\(TestUnit.fixtures)/shell/dispatch", to: folder)
        return "\(unit.directory.path)/\(folder)"
    }

    @Test func `a charm is replaced without the agent starting again, and keeps what it made itself`() async throws {
        let unit = try TestUnit(hooks: ["hooks/install": "echo mine > .state"])
        let metadata = TestUnit.metadata + "\ncontainers: {web: {}}\nstorage: {logs: {type: filesystem}}\n"
        let path = try Self.write("2.0", of: unit, metadata: metadata)
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            let uuid = try client.status().model.uuid
            try client.refresh(charm: path)
            try await unit.expectLast(["start", "upgrade-charm", "logs-storage-attached", "config-changed"])
            try await unit.settle()
            let status = try client.status()
            #expect(status.application.charmVersion == "2.0")
            #expect(status.model.uuid == uuid)
            #expect(status.containers.map(\.name) == ["web"])
            #expect(status.storages.map(\.id) == ["logs/0"])
            #expect(unit.directory.read("charm/.state") == "mine\n")
            #expect(try await unit.run(action: "wave").result.status == "completed")
            // The container the new charm has is watched too.
            let socket = try FakePebble(unit.configuration.containersDirectory + "/web/pebble.socket")
            defer { socket.stop() }
            try await eventually("ready") { unit.events.contains("web-pebble-ready") }
        }
        #expect(access(unit.directory.path + "/charm.old", F_OK) != 0)
    }

    @Test func `while a hook is in error a charm waits, unless it is forced`() async throws {
        let unit = try TestUnit(hooks: ["hooks/config-changed": "exit 1"])
        let path = try Self.write("2.0", of: unit)
        try await unit.run(changing: { $0.firstRetryDelay = .seconds(600) }) { client in
            try await eventually("it fails") { try client.status().failedHook != nil }
            try client.refresh(charm: path)
            // Whatever the loop does about it, it has done before it runs an action.
            _ = try await unit.run(action: "greet", parameters: ["whom": "you"])
            #expect(try client.status().application.charmVersion == "1.0")
            try client.refresh(charm: path, force: true)
            try await unit.expectLast(["config-changed", "greet", "config-changed", "start"])
            try await unit.settle()
            #expect(try client.status().application.charmVersion == "2.0")
            #expect(!unit.events.contains("upgrade-charm"))
        }
    }

    @Test func `what is not this charm is refused`() async throws {
        let unit = try TestUnit()
        let other = try Self.write("3.0", of: unit, metadata: "name: other\n")
        try await unit.run { client in
            for path in [other, "/nonexistent"] {
                let failure = #expect(throws: ControlFailure.self) { try client.refresh(charm: path) }
                #expect(failure?.code == .invalid)
            }
            #expect(throws: ControlFailure.self) { try client.attachResource("nope", file: "/etc/hostname") }
        }
    }

    /// Between any two steps of putting a charm in place an agent may die.
    @Test(arguments: ["charm.staging", "charm.new", "charm.old", "charm.new charm.old"])
    func `an agent that died while it put a charm in place finds a whole one`(left: String) async throws {
        let unit = try TestUnit()
        let path = unit.directory.path
        let version = left.contains("new") ? "2.0" : "1.0"
        for name in left.split(separator: " ") {
            if name == "charm.old" {
                try #require(rename("\(path)/charm", "\(path)/charm.old") == 0)
            } else {
                let made = try Self.write("2.0", of: unit)
                try #require(rename(made, "\(path)/\(name)") == 0)
            }
        }
        // Only a charm that was on its way in replaces one that is there.
        let expected = left == "charm.new" ? "1.0" : version
        try await unit.run { client in
            try await unit.expectLast(["start"])
            #expect(try client.status().application.charmVersion == expected)
        }
    }

    @Test func `an attached resource is served, and told as an upgrade`() async throws {
        let unit = try TestUnit(
            hooks: ["hooks/upgrade-charm": "cat $(resource-get motd) >> $TEST_DIR/motds"],
            metadata: TestUnit.metadata + "\nresources: {motd: {type: file, filename: motd.txt}}\n"
        )
        try unit.directory.write("first\n", to: "motd")
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try client.attachResource("motd", file: unit.directory.path + "/motd")
            try await eventually("it is told") { unit.directory.read("motds") == "first\n" }
            try unit.directory.write("second\n", to: "motd")
            try await unit.settle()
            try client.attachResource("motd", file: unit.directory.path + "/motd")
            try await eventually("it is told again") { unit.directory.read("motds") == "first\nsecond\n" }
            try await unit.expectLast(["upgrade-charm", "config-changed"])
            try await unit.settle()
        }
        try await unit.run { _ in
            try await unit.expectLast(["upgrade-charm", "config-changed", "config-changed"])
            try await unit.settle()
        }
    }
}
