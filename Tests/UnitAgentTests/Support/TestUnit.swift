// SPDX-License-Identifier: Apache-2.0
import Glibc
import HookProtocol
import LinuxSupport
import PebbleAPI
import Synchronization
import Testing

@testable import UnitAgent

/// A unit whose charm is a shell script, run by a whole agent in this process.
///
/// The script notes each dispatch in the file `events`, then runs `hooks/NAME` or `actions/NAME` if there is one.
final class TestUnit: Sendable {
    let directory: TemporaryDirectory
    let configuration: AgentConfiguration
    let client: AgentControlClient

    static let metadata = """
        name: tiny
        peers: {friends: {interface: tiny-peers}}
        requires:
          db: {interface: tiny-db, limit: 1}
          cache: {interface: tiny-cache}
        provides: {site: {interface: tiny-site}}
        """
    static let config = """
        options:
          greeting: {type: string, default: hello}
          count: {type: int, default: 3}
          loud: {type: boolean}
        """
    static let actions = """
        greet: {params: {whom: {type: string}, times: {type: integer, default: 1}}, required: [whom]}
        slow: {}
        """

    /// The directory of files that tests use as they are.
    static let fixtures = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures"

    init(hooks: [String: String] = [:], metadata: String = TestUnit.metadata) throws {
        directory = try TemporaryDirectory()
        let path = directory.path
        try directory.write(metadata, to: "charm/metadata.yaml")
        try directory.write(Self.config, to: "charm/config.yaml")
        try directory.write(Self.actions, to: "charm/actions.yaml")
        try directory.write("1.0", to: "charm/version")
        try Self.link("\(Self.fixtures)/shell/dispatch", to: "\(path)/charm")
        for (name, script) in hooks { try directory.write(script, to: "charm/\(name)") }
        var configuration = AgentConfiguration(
            agentDirectory: "\(path)/agent",
            charmDirectory: "\(path)/charm",
            toolsDirectory: "\(path)/tools",
            containersDirectory: "\(path)/containers",
            application: "tiny"
        )
        configuration.hookToolExecutable = try Self.product("hook-tool")
        configuration.environment["TEST_DIR"] = path
        configuration.firstRetryDelay = .milliseconds(50)
        self.configuration = configuration
        client = AgentControlClient(socketPath: configuration.controlSocketPath)
    }

    /// Makes a script the `dispatch` of the charm in a folder.
    ///
    /// A link, not a file written here: a process another test starts at that moment would inherit the file open for
    /// writing, and starting the script would fail until it is closed.
    func link(_ script: String, to folder: String) throws { try Self.link(script, to: "\(directory.path)/\(folder)") }

    private static func link(_ script: String, to folder: String) throws {
        let path = "\(folder)/dispatch"
        unlink(path)
        try #require(symlink(script, path) == 0, "cannot link \(path)")
    }

    /// An executable of the package, built beside the tests.
    static func product(_ name: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(length, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/\(name)"
        try #require(access(String(path), X_OK) == 0, "\(name) is not built: swift build")
        return String(path)
    }

    /// The dispatches so far.
    var events: [String] { directory.read("events").split(separator: "\n").map(String.init) }

    var log: String { directory.read("agent/debug.log") }

    func hook(_ name: String, _ script: String) throws { try directory.write(script, to: "charm/\(name)") }

    /// Runs the agent while the body runs.
    func run(
        changing change: (inout AgentConfiguration) -> Void = { _ in },
        now: (@Sendable () -> Timestamp)? = nil,
        _ body: (AgentControlClient) async throws -> Void
    ) async throws {
        var configuration = configuration
        change(&configuration)
        let agent = UnitAgent(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await agent.run(now: now ?? { Timestamp.now() })
                } catch {
                    // Said here: the body only waits for an agent that is not there.
                    Issue.record("the agent failed: \(error)")
                    throw error
                }
            }
            do {
                try await eventually("the agent answers") { client.isReachable }
                try await body(client)
            } catch {
                group.cancelAll()
                Issue.record("\(error)\nevents: \(events)\nlog: \(log)")
                throw error
            }
            group.cancelAll()
            // An agent that was cancelled ends without an error; one that failed says so here.
            try await group.waitForAll()
        }
    }

    /// Waits until the last dispatches are these and the agent is idle.
    func expectLast(_ expected: [String]) async throws {
        try await eventually("the events end with \(expected)") { events.suffix(expected.count) == expected[...] }
    }

    /// Waits until the charm knows all there is.
    func settle() async throws {
        try await eventually("the unit is idle") { (try? client.status().unit.agent.status) == "idle" }
    }
}

struct TimedOut: Error, CustomStringConvertible {
    let what: String
    var description: String { "timed out: \(what)" }
}

/// Waits for a condition, generously: only a hang makes it fail.
func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(what: what) }
        try await Task.sleep(for: .milliseconds(10))
    }
}

extension TestUnit {
    /// Runs an action to its end, on a thread of its own: a blocked test must not take the agent's threads.
    func run(action: String, parameters: [String: String] = [:]) async throws -> (result: ActionResult, lines: [String])
    {
        let client = client
        let outcome = Outcome()
        try startThread(named: "run-action") {
            var lines: [String] = []
            let result = Result { try client.run(action: action, parameters: parameters) { lines.append($0) } }
            outcome.box.withLock { $0 = (result, lines) }
        }
        try await eventually("action \(action) ends") { outcome.box.withLock { $0 != nil } }
        let (result, lines) = try #require(outcome.box.withLock { $0 })
        return (try result.get(), lines)
    }
}

private final class Outcome: Sendable {
    let box = Mutex<(Result<ActionResult, any Error>, [String])?>(nil)
}
