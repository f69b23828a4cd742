// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import HookProtocol
import LinuxSupport
import UnitAgent
import YAMLTree

/// Why the unit cannot be run, or not asked.
struct RunnerError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A unit in a directory: where its files are, and how to start, ask and end it.
struct RunningUnit {
    /// The absolute path of the directory.
    let state: String
    /// How long it may take to settle or to end.
    static let patience = Duration.seconds(60)

    init(state: String) throws {
        self.state = try Self.absolute(state)
        // The paths of sockets below it must fit into 107 bytes.
        guard self.state.utf8.count <= 70 else {
            throw RunnerError("the path of the state directory is too long for sockets in it: \(self.state)")
        }
    }

    var agent: AgentControlClient { AgentControlClient(socketPath: "\(state)/agent/control.sock") }

    private var processFile: String { "\(state)/run.pid" }
    private var logFile: String { "\(state)/run.log" }

    // MARK: - Start and stop

    /// Starts the unit as a process of its own session.
    func start(charmDirectory: String) throws {
        if runningProcess != nil { throw RunnerError("a unit runs in \(state) already: run-charm stop ends it") }
        let charm = try Self.absolute(charmDirectory)
        for name in ["metadata.yaml", "dispatch"] where access("\(charm)/\(name)", R_OK) != 0 {
            throw RunnerError("there is no \(name) in \(charm)")
        }
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let log = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw RunnerError("cannot write \(logFile): \(String(cString: strerror(errno)))") }
        defer { close(log) }
        let program = try Self.program("run-charm")
        let child = try ProcessReaper().spawn(
            SpawnRequest(
                executable: program,
                arguments: ["run-charm", "serve", charm, "--state", state],
                environment: ProcessEnvironment.all(),
                standing: .ownSession,
                standardOutput: log,
                standardError: log
            )
        )
        // Its start time tells it from another process that is given the number later.
        guard let started = ProcessTable.status(of: child.pid) else { throw failed() }
        let record = Data("\(child.pid) \(started.startTime)\n".utf8)
        guard FileManager.default.createFile(atPath: processFile, contents: record) else {
            child.send(.terminate)
            throw RunnerError("cannot write \(processFile)")
        }
    }

    /// Ends the unit and waits for it.
    func stop() throws {
        guard let process = runningProcess else { throw RunnerError("no unit runs in \(state)") }
        _ = ProcessTable.signal(process.pid, .terminate)
        try poll("the unit did not end: see \(logFile)") { runningProcess == nil }
        unlink(processFile)
    }

    private var runningProcess: ProcessStatus? {
        guard let content = FileManager.default.contents(atPath: processFile) else { return nil }
        let fields = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let number = Int32(fields[0]), number > 1,
            let status = ProcessTable.status(of: ProcessID(rawValue: number)),
            String(status.startTime) == fields[1], !status.isZombie
        else { return nil }
        return status
    }

    private func failed() -> RunnerError {
        let log = FileManager.default.contents(atPath: logFile).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let lines = log.split(separator: "\n").suffix(5).joined(separator: "\n")
        return RunnerError("the unit ended: see \(logFile)\n\(lines)")
    }

    // MARK: - Ask

    /// Waits until the agent has nothing to do; after something that was asked of it, until it has dealt with that.
    func waitUntilSettled(after before: EntityStatus?) throws {
        let noticed = ContinuousClock.now + .seconds(3)
        try poll("the unit is still busy: see run-charm log") {
            guard runningProcess != nil else { throw failed() }
            guard let status = try? agent.status() else { return false }
            if let hook = status.failedHook { throw RunnerError("hook \(hook.hook) failed: see run-charm log") }
            guard status.unit.agent.status == "idle", status.containers.allSatisfy(\.ready) else { return false }
            // What changes nothing runs no hook, and then there is nothing to wait for.
            guard let before else { return status.unit.workload.status != "unknown" }
            return status.unit.agent.since != before.since || ContinuousClock.now > noticed
        }
    }

    /// A few lines on how the unit is.
    func summary() throws -> String {
        let status = try agent.status()
        let ports = status.unit.openedPorts
        var lines = ["\(status.unit.name): \(status.unit.workload.status) \(status.unit.workload.message)"]
        if let hook = status.failedHook { lines.append("hook \(hook.hook) failed \(hook.attempts) times") }
        if !ports.isEmpty { lines.append("open: \(ports.joined(separator: ", "))") }
        for relation in status.relations where !relation.peer {
            lines.append("related: \(relation.endpoint) to \(relation.remoteApplication), \(relation.state)")
        }
        for container in status.containers {
            lines.append("container \(container.name): \(container.reachable ? "reachable" : "not reachable")")
        }
        return lines.map { $0.trimmingTrailingSpaces + "\n" }.joined()
    }

    private func poll(_ failure: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + Self.patience
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw RunnerError(failure) }
            usleep(50_000)
        }
    }

    // MARK: - Paths

    static func absolute(_ path: String) throws -> String {
        if path.hasPrefix("/") { return path }
        guard let pointer = getcwd(nil, 0) else { throw RunnerError("there is no working directory") }
        defer { free(pointer) }
        return "\(String(cString: pointer))/\(path)"
    }

    /// A program of this package, which lies beside this one.
    static func program(_ name: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/" + name
        guard access(String(path), X_OK) == 0 else {
            throw RunnerError("there is no \(path): build it with swift build --product \(name)")
        }
        return String(path)
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
