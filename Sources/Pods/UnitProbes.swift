// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization

/// Asks each unit's pod over the network how it is, on a thread for each, for as long as there is the unit.
final class UnitProbes: Sendable {
    /// What the probes of one pod said.
    struct Health: Sendable, Equatable {
        /// Whether the pod answers at all.
        var isConnected = false
        /// The containers whose Pebble says ready.
        var readyContainers: Set<String> = []
        /// Whether a visitor would be served.
        var isServing = false
        /// Since when it has not answered; nil while it does.
        var silentSince: ContinuousClock.Instant?
    }

    private struct Target: Sendable {
        var address: String
        var health = Health()
        var failures = 0
    }

    private let targets = Mutex<[Int: Target]>([:])
    /// The name under which visitors come.
    private let site = Mutex("")

    func setSite(_ authority: String) { site.withLock { $0 = authority } }

    /// Begins to probe units that are new, and ends with those that are gone.
    func watch(_ addresses: [Int: String]) {
        let new = targets.withLock { targets in
            targets = targets.filter { addresses[$0.key] == $0.value.address }
            let new = addresses.filter { targets[$0.key] == nil }
            for (number, address) in new {
                targets[number] = Target(address: address, health: Health(silentSince: .now))
            }
            return new
        }
        for (number, address) in new {
            try? startThread(named: "probe-\(number)") { [self] in
                while targets.withLock({ $0[number]?.address == address }) {
                    probe(number, address)
                    // An Indico that only starts takes each question it is asked meanwhile into its queue.
                    usleep(health(number).isServing ? 1_000_000 : 3_000_000)
                }
            }
        }
    }

    func health(_ number: Int) -> Health { targets.withLock { $0[number]?.health ?? Health() } }

    private func probe(_ number: Int, _ address: String) {
        let limit = Duration.milliseconds(1500)
        var seen = Health()
        for (container, port) in UnitPod.healthPorts {
            guard let status = Probe.get("/v1/health?level=ready", at: address, port: port, timeout: limit) else {
                continue
            }
            seen.isConnected = true
            if status == 200 { seen.readyContainers.insert(container) }
        }
        if seen.isConnected {
            let host = site.withLock { $0 }
            let answer =
                host.isEmpty ? nil : Probe.get("/ping", host: host, at: address, port: 8080, timeout: limit)
            seen.isServing = answer.map { (200..<300).contains($0) } ?? false
        }
        record(seen, number)
    }

    private func record(_ seen: Health, _ number: Int) {
        targets.withLock { targets in
            guard var target = targets[number] else { return }
            let silentSince = target.health.silentSince ?? .now
            target.failures = seen.isServing ? 0 : target.failures + 1
            let wasServing = target.health.isServing
            target.health = seen
            target.health.silentSince = seen.isConnected ? nil : silentSince
            // One answer that is late is no reason to lead visitors elsewhere.
            if wasServing, target.failures == 1, seen.isConnected { target.health.isServing = true }
            targets[number] = target
        }
    }
}
