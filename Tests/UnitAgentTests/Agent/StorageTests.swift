// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import UnitAgent

@Suite struct StorageTests {
    private static let metadata = """
        name: tiny
        peers: {friends: {interface: tiny-peers}}
        storage:
          data: {type: filesystem}
          cache: {type: filesystem, multiple: {range: 0-2}}
        """

    private static let told = """
        echo "$JUJU_HOOK_NAME $JUJU_STORAGE_ID $JUJU_STORAGE_KIND $(storage-list | tr '\\n' ' ')" >> $TEST_DIR/told
        [ -d "$JUJU_STORAGE_LOCATION" ] && touch "$JUJU_STORAGE_LOCATION/used"
        """

    @Test func `storage is attached before install and when added, detached when asked, its files stay`() async throws {
        let unit = try TestUnit(
            hooks: [
                "hooks/data-storage-attached": Self.told, "hooks/cache-storage-attached": Self.told,
                "hooks/cache-storage-detaching": Self.told,
            ],
            metadata: Self.metadata
        )
        let path = unit.directory.path
        try await unit.run { client in
            try await unit.expectLast(["start"])
            #expect(unit.events.prefix(2) == ["data-storage-attached", "install"])
            #expect(try client.addStorage("cache", count: 2) == ["cache/0", "cache/1"])
            try await unit.expectLast(["cache-storage-attached", "cache-storage-attached"])
            #expect(throws: ControlFailure.self) { try client.addStorage("cache") }
            #expect(throws: ControlFailure.self) { try client.addStorage("nope") }
            try client.detachStorage("cache/0")
            try await unit.expectLast(["cache-storage-detaching"])
            try await unit.settle()
            #expect(throws: ControlFailure.self) { try client.detachStorage("cache/0") }
            #expect(throws: ControlFailure.self) { try client.detachStorage("data/0") }
            // A number is given once: what is in the directory of the former one is not the new one's.
            #expect(try client.addStorage("cache") == ["cache/2"])
            try await unit.expectLast(["cache-storage-attached"])
            try await unit.settle()
            #expect(try client.status().storages.map(\.id) == ["cache/1", "cache/2", "data/0"])
        }
        #expect(access("\(path)/agent/storage/cache/0/used", F_OK) == 0)
        let told = unit.directory.read("told").split(separator: "\n").map(String.init)
        #expect(told.first == "data-storage-attached data/0 filesystem data/0 ")
        #expect(told.contains { $0.hasPrefix("cache-storage-detaching cache/0 filesystem") })
        try await unit.run { client in
            try await unit.expectLast(["cache-storage-attached", "config-changed"])
            #expect(try client.status().storages.map(\.id) == ["cache/1", "cache/2", "data/0"])
        }
    }

    @Test func `a removed unit gives its storage back first`() async throws {
        let unit = try TestUnit(metadata: Self.metadata)
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try client.addStorage("cache")
            try await unit.expectLast(["cache-storage-attached"])
            try client.removeUnit()
            try await unit.expectLast(["cache-storage-detaching", "data-storage-detaching", "stop", "remove"])
            try await eventually("the agent ends") { !client.isReachable }
        }
    }
}
