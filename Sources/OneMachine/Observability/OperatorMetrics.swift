// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Logging
package import MetricsServer
import MetricsText
import PebbleClient
package import UnitAgent

/// What the operator tells of itself and its machine, served by the unit agent on the loopback address: hooks, what each
/// Pebble says of its services and checks, and the machine's memory, load and disk.
package struct OperatorMetrics: Sendable {
    package static let port: UInt16 = 9180

    private let state: StateDirectory
    private let statistics: HookStatistics

    package init(state: StateDirectory, statistics: HookStatistics) {
        self.state = state
        self.statistics = statistics
    }

    /// Binds the port.
    ///
    /// - Parameters:
    ///   - port: Where to serve; 0 for any port.
    ///   - logger: Where trouble with a connection is told.
    /// - Returns: The server, which listens already.
    /// - Throws: `ListenFailure` when it is taken.
    package func server(port: UInt16 = port, logger: Logger) async throws -> MetricsServer {
        let site = MetricsSite(
            name: "Indico operator",
            about: "Hooks, services, checks and the machine"
        ) {
            families()
        }
        return try await MetricsServer(
            serving: site,
            on: ListenAddress(host: "127.0.0.1", port: Int(port)),
            logger: logger
        )
    }

    /// Everything as it is now; what cannot be asked is left out.
    func families() -> [MetricFamily] {
        var families = Self.hooks(statistics.snapshot())
        var pebbles: [(container: String, document: MetricsDocument?)] = []
        for container in ContainerName.allCases {
            let client = PebbleClient(socketPath: state.socket(container), timeout: .seconds(2))
            let document = (try? client.metrics()).flatMap { try? MetricsDocument($0) }
            pebbles.append((container.rawValue, document))
        }
        families += Self.pebbles(pebbles)
        return families + MachineFacts.read(directory: state.path).families + ProcessMetrics().families()
    }

    static func hooks(_ snapshot: HookStatistics.Snapshot) -> [MetricFamily] {
        var runs = MetricFamily("operator_hook_runs_total", .counter, help: "Hooks and actions, by how they ended.")
        var time = MetricFamily("operator_hook_seconds_total", .counter, help: "Time hooks and actions took.")
        for (name, count) in snapshot.hooks.sorted(by: { $0.key < $1.key }) {
            runs.append(Double(count.succeeded), ["hook": name, "outcome": "success"])
            runs.append(Double(count.failed), ["hook": name, "outcome": "failure"])
            time.append(count.time / .seconds(1), ["hook": name])
        }
        let failures = MetricFamily(
            "operator_hook_failures_in_row",
            .gauge,
            help: "How often the hook that is due has failed since one ended well.",
            value: Double(snapshot.failuresInRow)
        )
        return [runs, time, failures]
    }

    /// What Pebbles say, each sample with its container; a Pebble that does not answer is down.
    static func pebbles(_ pebbles: [(container: String, document: MetricsDocument?)]) -> [MetricFamily] {
        var up = MetricFamily("pebble_up", .gauge, help: "Whether the container's Pebble answers.")
        var others: [String: MetricFamily] = [:]
        for (container, document) in pebbles {
            up.append(document == nil ? 0 : 1, ["container": container])
            for sample in document?.samples ?? [] {
                let type = document?.types[sample.name].flatMap(MetricType.init) ?? .untyped
                var labels = sample.labels
                labels.set("container", to: container)
                others[
                    sample.name,
                    default: MetricFamily(sample.name, type, help: "As the container's Pebble tells it.")
                ]
                .append(sample.value, labels)
            }
        }
        return [up] + others.sorted { $0.key < $1.key }.map(\.value)
    }
}

/// The machine's memory, load and disk.
struct MachineFacts: Hashable {
    var load = 0.0
    var processors = 0
    var memory = 0.0
    var memoryAvailable = 0.0
    var disk = 0.0
    var diskAvailable = 0.0

    /// Reads `/proc` and asks for the file system a directory is on.
    static func read(directory: String) -> MachineFacts {
        var facts = MachineFacts()
        let text = { (path: String) in ((try? FileStore.text(path)) ?? nil) ?? "" }
        facts.load = text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0
        facts.processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        for line in text("/proc/meminfo").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kilobytes = Double(words[1]) else { continue }
            if words[0] == "MemTotal:" { facts.memory = kilobytes * 1024 }
            if words[0] == "MemAvailable:" { facts.memoryAvailable = kilobytes * 1024 }
        }
        var status = statvfs()
        if statvfs(directory, &status) == 0 {
            facts.disk = Double(status.f_blocks) * Double(status.f_frsize)
            facts.diskAvailable = Double(status.f_bavail) * Double(status.f_frsize)
        }
        return facts
    }

    var families: [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
            MetricFamily("host_" + name, .gauge, help: help, value: value)
        }
        return [
            gauge("load1", "The machine's load over a minute.", load),
            gauge("processors", "The machine's processors.", Double(processors)),
            gauge("memory_size_bytes", "The machine's memory.", memory),
            gauge("memory_available_bytes", "Memory that can be had without swapping.", memoryAvailable),
            gauge("filesystem_size_bytes", "The file system the installation is on.", disk),
            gauge("filesystem_available_bytes", "Room on it.", diskAvailable),
        ]
    }
}
