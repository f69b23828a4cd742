// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import OneMachine

/// A process to be killed, found among those of the installation alone.
struct Victim: Sendable {
    let name: String
    /// Whether another takes its place by itself: a hook runs when there is something to do.
    var comesBack = true
    /// Picks it from the processes of the installation.
    let find: @Sendable (Machine) -> ProcessEntry?

    /// The first process below the supervisor whose command line fits.
    private static func service(_ name: String, _ fits: @escaping @Sendable (ProcessEntry, Machine) -> Bool) -> Victim {
        Victim(name: name) { machine in machine.processes().first { fits($0, machine) } }
    }

    private static func listener(_ name: String, _ port: UInt16) -> Victim {
        Victim(name: name) { machine in
            guard let entry = PortHolder.find(WantedPort(port, purpose: name)) else { return nil }
            return machine.processes().first { $0.pid == entry.pid }
        }
    }

    /// A Pebble is known by its socket.
    private static func pebble(_ container: ContainerName) -> Victim {
        Victim(name: "Pebble of \(container.rawValue)") { machine in
            SocketPeer.process(listeningOn: machine.state.socket(container)).map { ProcessEntry(pid: $0) }
        }
    }

    private static func parent(of entry: ProcessEntry) -> ProcessID? { ProcessTable.status(of: entry.pid)?.parent }

    static let all: [Victim] = [
        service("uWSGI worker") { entry, _ in entry.commandLine.contains("uWSGI worker") },
        service("uWSGI master") { entry, _ in entry.commandLine.contains("uWSGI master") },
        service("nginx master") { entry, _ in entry.commandLine.hasPrefix("nginx: master process") },
        service("Celery worker") { entry, _ in
            entry.commandLine.contains("celery worker")
                && parent(of: entry).map { !ProcessEntry(pid: $0).commandLine.contains("celery worker") } ?? false
        },
        service("Celery beat") { entry, _ in entry.commandLine.contains("celery beat") },
        listener("StatsD exporter", 9102),
        listener("Celery exporter", 9808),
        listener("nginx exporter", 9113),
        Victim(name: "PostgreSQL") { machine in
            machine.processes().first {
                $0.arguments.first?.hasSuffix("/bin/postgres") ?? false && $0.arguments.contains("-D")
            }
        },
        service("Redis, cache") { entry, _ in entry.commandLine.contains("/redis-cache/redis.conf") },
        service("Redis, broker") { entry, _ in entry.commandLine.contains("/redis-broker/redis.conf") },
        pebble(.indico),
        pebble(.nginx),
        Victim(name: "the agent") { machine in
            SocketPeer.process(listeningOn: machine.state.controlSocket).map { ProcessEntry(pid: $0) }
        },
        pebble(.local),
        Victim(name: "the charm in the middle of a hook", comesBack: false) { machine in
            // Something for it to do; then it is caught at it.
            _ = try? machine.attempt(["config", "indico_support_email=tech-\(Int.random(in: 1...9999))@example.com"])
            return try? eventually("a running charm", within: .seconds(30)) { machine.charm() }
        },
    ]
}
