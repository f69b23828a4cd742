// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport
import PebbleAPI
package import PebbleClient

/// The one Pebble daemon that everything else descends from.
package struct LocalSupervisor: Sendable {
    package let state: StateDirectory

    package init(state: StateDirectory) {
        self.state = state
    }

    private var logPath: String { state.logs + "/supervisor.log" }
    package var layerPath: String { state.pebble(.local) + "/layers/" + LocalPlan.layerFile }

    /// The daemon's process, if it answers on its socket.
    package func process() -> ProcessID? { SocketPeer.process(listeningOn: state.socket(.local)) }

    /// Writes its layer.
    ///
    /// Says whether it differs from what was there.
    package func prepare(_ plan: LocalPlan) throws -> Bool {
        for container in ContainerName.allCases { try FileStore.makeDirectory(state.pebble(container), mode: 0o755) }
        try FileStore.makeDirectory(state.pebble(.local) + "/layers", mode: 0o755)
        return try FileStore.write(plan.yaml, to: layerPath, mode: 0o644)
    }

    /// The environment of the daemon, and so of everything: what programs can count on, and how to reach the network.
    package func environment(inheriting ours: [String: String]) -> [String: String] {
        var environment = ["PATH": SetupCommand.path, "LANG": "C.UTF-8", "PEBBLE": state.pebble(.local)]
        let kept = [
            "HOME", "USER", "LOGNAME", "TZ", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
            "NO_PROXY",
        ]
        for name in kept + [SupervisorWatch.keeperVariable] { environment[name] = ours[name] }
        return environment
    }

    /// Starts it so that it outlives whoever asked, and returns at once.
    @discardableResult
    package func launch(environment: [String: String]) throws(SystemError) -> ProcessID {
        try DetachedProcess.start(
            state.program(.pebble),
            ["run", "--create-dirs"],
            environment: self.environment(inheriting: environment),
            output: logPath
        )
    }

    /// Starts it and waits until it answers.
    package func start(environment: [String: String], timeout: Duration = .seconds(30)) throws {
        let pid = try launch(environment: environment)
        let deadline = ContinuousClock.now + timeout
        while process() == nil {
            var status: Int32 = 0
            let ended = waitpid(pid.rawValue, &status, WNOHANG) == pid.rawValue
            guard !ended, ContinuousClock.now < deadline else {
                let lines =
                    ((try? FileStore.text(logPath)) ?? nil)?.split(separator: "\n").suffix(6).map(String.init) ?? []
                throw OperatorError(
                    ended
                        ? "the supervisor ended with \(ProcessExit(waitStatus: status))"
                        : "the supervisor does not answer",
                    remedy: "Its log is \(logPath).",
                    evidence: lines
                )
            }
            usleep(20_000)
        }
    }

    /// Asks it to stop everything and itself, and waits for the end.
    ///
    /// Calls with the number of processes left.
    package func stop(timeout: Duration = .seconds(300), remaining: (Int) -> Void = { _ in }) throws {
        guard let pid = process() else { return }
        let deadline = ContinuousClock.now + timeout
        for services in LocalPlan.stopOrder {
            // A supervisor that cannot be asked, or a service that does not stop: the signal below is for all of them.
            try? stop(services, before: deadline) { remaining(ProcessTable.descendants(of: pid).count) }
        }
        guard ProcessTable.signal(pid, .terminate) else {
            throw OperatorError(
                "the supervisor, process \(pid), belongs to somebody else",
                remedy: "Run this as the user who ran 'up'."
            )
        }
        while let status = ProcessTable.status(of: pid), !status.isZombie {
            guard ContinuousClock.now < deadline else {
                throw OperatorError(
                    "the supervisor, process \(pid), has not stopped after \(StepLook.text(timeout))",
                    remedy: "'indico-operator status' may tell what it waits for; its log is \(logPath)."
                )
            }
            remaining(ProcessTable.descendants(of: pid).count)
            usleep(100_000)
        }
    }

    private var client: PebbleClient { PebbleClient(socketPath: state.socket(.local), timeout: .seconds(10)) }

    private func stop(
        _ services: [String],
        before deadline: ContinuousClock.Instant,
        waiting: () -> Void
    ) throws(PebbleClientError) {
        let change = try client.begin(.stop, services)
        while ContinuousClock.now < deadline, try !client.change(change).ready {
            waiting()
            usleep(100_000)
        }
    }

    /// Starts what a `down` that was interrupted has stopped; says whether there was anything.
    package func startStopped() throws(PebbleClientError) -> Bool {
        let stopped = try client.services().filter { $0.startup == .enabled && $0.current == .inactive }
        guard !stopped.isEmpty else { return false }
        try client.perform(.start, stopped.map(\.name), timeout: .seconds(60))
        return true
    }
}

/// Finds the process behind a Unix socket.
package enum SocketPeer {
    /// The process that listens there; nil where nobody does.
    package static func process(listeningOn path: String) -> ProcessID? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard connected else { return nil }
        // The kernel keeps the credentials of whoever called listen.
        return (try? PeerCredentials(socket: descriptor))?.pid
    }
}
