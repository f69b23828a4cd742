// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

extension Supervisor {
    /// The logs of services, all or those named; only services that have been started have one.
    func serviceLogs(_ names: [String]) -> [ServiceLog] {
        runners.values
            .filter { names.isEmpty || names.contains($0.machine.name) }
            .map(\.log)
            .sorted { $0.service < $1.service }
    }

    /// Has a closure called at each new line of services, also those that are started later.
    func follow(_ names: [String], _ listener: @escaping @Sendable () -> Void) -> Int {
        nextWaiter += 1
        let number = nextWaiter
        followers[number] = LogFollowing(names: names, listener: listener)
        for log in serviceLogs(names) { attach(number, to: log) }
        return number
    }

    func unfollow(_ number: Int) {
        guard let following = followers.removeValue(forKey: number) else { return }
        for (log, listener) in following.attached { log.removeListener(listener) }
    }

    /// Tells followers of a service that has a log now.
    func announce(_ log: ServiceLog) {
        for (number, following) in followers where following.names.isEmpty || following.names.contains(log.service) {
            attach(number, to: log)
            following.listener()
        }
        if !forwarders.isEmpty { forwardLogs() }
    }

    private func attach(_ number: Int, to log: ServiceLog) {
        guard let following = followers[number] else { return }
        followers[number]?.attached.append((log, log.addListener(following.listener)))
    }
}

/// Somebody who follows logs.
struct LogFollowing {
    var names: [String]
    var listener: @Sendable () -> Void
    var attached: [(log: ServiceLog, listener: Int)] = []
}
