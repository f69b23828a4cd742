// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI
import Synchronization
import Testing

@testable import UnitAgent

@Suite struct WorkloadTests {
    /// A Pebble that says what a test tells it to.
    private final class Workload: WorkloadConnection {
        struct Down: Error {}

        let state = Mutex((boot: String?.none, notices: [WorkloadNotice](), changes: [String: WorkloadChange]()))

        func bootID() throws -> String {
            guard let boot = state.withLock({ $0.boot }) else { throw Down() }
            return boot
        }

        func notices(after cursor: Timestamp?, timeout: Duration) throws -> [WorkloadNotice] {
            state.withLock { $0.notices }.filter { $0.lastRepeated > (cursor ?? Timestamp(seconds: 0)) }
        }

        func change(_ id: String) throws -> WorkloadChange? { state.withLock { $0.changes[id] } }

        func notify(_ type: String, _ key: String, second: Int64, data: [String: String] = [:]) {
            let notice = WorkloadNotice(
                id: "\(second)",
                type: type,
                key: key,
                lastRepeated: Timestamp(seconds: second),
                data: data
            )
            state.withLock { $0.notices.append(notice) }
        }
    }

    private static func core(_ unit: TestUnit) throws -> AgentCore {
        var configuration = unit.configuration
        configuration.workloadPollInterval = .milliseconds(5)
        return try AgentCore(configuration: configuration) { Timestamp.now() }
    }

    private static let metadata = TestUnit.metadata + "\ncontainers: {web: {}}\n"

    private static func events(_ core: AgentCore) -> [WorkloadEvent] { core.memory.withLock { $0.workloadEvents } }

    private static func tell(_ core: AgentCore) throws {
        guard let event = events(core).first?.event else { return }
        let marks = try core.store.read { try core.marks(for: event, $0) }
        try core.commit(event, HookContext(id: "", event: event, task: nil), marks)
    }

    @Test func `a Pebble that starts, and starts again, is ready each time, once`() async throws {
        let unit = try TestUnit(metadata: Self.metadata)
        let core = try Self.core(unit)
        let workload = Workload()
        let watchers = WorkloadWatchers(core: core) { _ in workload }
        try watchers.start()
        defer { watchers.stop() }
        workload.state.withLock { $0.boot = "one" }
        try await eventually("ready") { Self.events(core).map(\.event.name) == ["web-pebble-ready"] }
        try Self.tell(core)
        #expect(try core.snapshot().containers == [ContainerStatus(name: "web", reachable: true, ready: true)])
        workload.state.withLock { $0.boot = nil }
        try await eventually("it is gone") { try core.snapshot().containers.first?.reachable == false }
        workload.state.withLock { $0.boot = "one" }
        try await eventually("it is back") { try core.snapshot().containers.first?.reachable == true }
        #expect(Self.events(core).isEmpty)
        workload.state.withLock { $0.boot = "two" }
        try await eventually("ready again") { Self.events(core).first?.kind == .ready(bootID: "two") }
    }

    @Test func `a Pebble that starts again while its charm is told of the first start is told again`() async throws {
        let unit = try TestUnit(metadata: Self.metadata)
        let core = try Self.core(unit)
        let workload = Workload()
        let watchers = WorkloadWatchers(core: core) { _ in workload }
        try watchers.start()
        defer { watchers.stop() }
        workload.state.withLock { $0.boot = "one" }
        try await eventually("ready") { Self.events(core).first?.kind == .ready(bootID: "one") }
        let event = try #require(Self.events(core).first?.event)
        let marks = try core.store.read { try core.marks(for: event, $0) }
        workload.state.withLock { $0.boot = "two" }
        try await eventually("ready again") { Self.events(core).first?.kind == .ready(bootID: "two") }
        try core.commit(event, HookContext(id: "", event: event, task: nil), marks)
        #expect(Self.events(core).map(\.kind) == [.ready(bootID: "two")])
    }

    @Test func `notices and checks are told once, in order, and not again by the next agent`() async throws {
        let unit = try TestUnit(metadata: Self.metadata)
        let workload = Workload()
        workload.state.withLock { state in
            state.boot = "one"
            state.changes = [
                "7": WorkloadChange(kind: "perform-check", status: "Error", check: nil),
                "8": WorkloadChange(kind: "recover-check", status: "Done", check: "up"),
                "9": WorkloadChange(kind: "perform-check", status: "Doing", check: "up"),
                "10": WorkloadChange(kind: "start", status: "Error", check: nil),
            ]
        }
        workload.notify("custom", "example.com/x", second: 1)
        workload.notify("change-update", "7", second: 2, data: ["kind": "perform-check", "check-name": "up"])
        workload.notify("change-update", "8", second: 3)
        workload.notify("change-update", "9", second: 4)
        workload.notify("change-update", "10", second: 5, data: ["kind": "start"])
        let names = [
            "web-pebble-ready", "web-pebble-custom-notice", "web-pebble-check-failed", "web-pebble-check-recovered",
        ]
        do {
            let core = try Self.core(unit)
            let watchers = WorkloadWatchers(core: core) { _ in workload }
            try watchers.start()
            try await eventually("all are there") { Self.events(core).map(\.event.name) == names }
            for _ in names { try Self.tell(core) }
            #expect(Self.events(core).isEmpty)
            watchers.stop()
            try await eventually("the watcher has let go") { core.memory.withLock { $0.workloadEvents.isEmpty } }
        }
        let store = try ModelStore(path: unit.configuration.databasePath)
        let cursor = try #require(try store.read { try $0.noticeCursor(container: "web") })
        #expect(Timestamp(cursor) == Timestamp(seconds: 3))
    }

    @Test func `while a hook is in error only the last of a check or notice is kept`() async throws {
        let unit = try TestUnit(metadata: Self.metadata)
        let core = try Self.core(unit)
        core.memory.withLock { $0.failures = 1 }
        let workload = Workload()
        workload.state.withLock { state in
            state.boot = "one"
            for (id, kind) in [("7", "perform-check"), ("8", "recover-check"), ("9", "perform-check")] {
                let status = kind == "perform-check" ? "Error" : "Done"
                state.changes[id] = WorkloadChange(kind: kind, status: status, check: "up")
            }
            state.changes["10"] = WorkloadChange(kind: "perform-check", status: "Error", check: "other")
        }
        workload.notify("change-update", "7", second: 1)
        workload.notify("change-update", "10", second: 2)
        workload.notify("custom", "example.com/x", second: 3)
        workload.notify("change-update", "8", second: 4)
        workload.notify("change-update", "9", second: 5)
        let watchers = WorkloadWatchers(core: core) { _ in workload }
        try watchers.start()
        defer { watchers.stop() }
        try await eventually("the last has come") { Self.events(core).last?.kind == .checkFailed(check: "up") }
        let kinds = Self.events(core).map(\.kind)
        #expect(kinds.count == 4)
        #expect(kinds[1] == .checkFailed(check: "other"))
        #expect(kinds.filter { $0 == .checkFailed(check: "up") }.count == 1)
        #expect(!kinds.contains(.checkRecovered(check: "up")))
        // Once the hook is no more in error everything is told, as it comes.
        core.memory.withLock { $0.failures = 0 }
        workload.notify("change-update", "8", second: 6)
        try await eventually("it has recovered") { Self.events(core).last?.kind == .checkRecovered(check: "up") }
        #expect(Self.events(core).count == 5)
    }

    @Test func `a charm is told that its container is ready`() async throws {
        let unit = try TestUnit(
            hooks: ["hooks/web-pebble-ready": "echo $JUJU_WORKLOAD_NAME $CHARM_CONTAINERS_DIR >> $TEST_DIR/ready"],
            metadata: Self.metadata
        )
        let socket = try FakePebble(unit.configuration.containersDirectory + "/web/pebble.socket")
        defer { socket.stop() }
        try await unit.run { client in
            try await eventually("ready") { unit.events.contains("web-pebble-ready") }
            try await unit.settle()
            #expect(try client.status().containers.first?.ready == true)
        }
        #expect(unit.directory.read("ready") == "web \(unit.configuration.containersDirectory)\n")
    }
}
