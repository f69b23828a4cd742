// SPDX-License-Identifier: Apache-2.0
import Glibc
package import UnitAgent

/// Waits for what the charm says of its unit.
package struct CharmPatience: Sendable {
    let agent: AgentControlClient
    let timeout: Duration

    package init(agent: AgentControlClient, timeout: Duration) {
        self.agent = agent
        self.timeout = timeout
    }

    /// What a unit that has come up is.
    package enum Outcome: Hashable, Sendable {
        /// It serves.
        case active
        /// It shows visitors an operator's message, and will until it is told otherwise.
        case paused(String)
    }

    private static let pausedPrefix = "paused: "

    /// What a unit that an operator paused shows visitors; nil when it is not paused.
    package static func pausedMessage(_ workload: EntityStatus) -> String? {
        guard workload.status == "maintenance", workload.message.hasPrefix(pausedPrefix) else { return nil }
        return String(workload.message.dropFirst(pausedPrefix.count))
    }

    /// Waits until the charm says Active, or that the site is paused.
    ///
    /// - Parameter meter: Shown what the charm says until then.
    /// - Returns: Which of the two.
    /// - Throws: ``OperatorError`` when it stays Blocked, or the time is up.
    package func waitUntilUp(_ meter: StepMeter) throws -> Outcome {
        let deadline = ContinuousClock.now + timeout
        var blockedSince: ContinuousClock.Instant?
        while true {
            let snapshot = try? agent.status()
            let workload = snapshot?.unit.workload
            if let snapshot, let workload, snapshot.containers.allSatisfy(\.ready) {
                if workload.status == "active" { return .active }
                // The charm says so only when Indico answers behind the page, and not while a hook brings it there.
                if snapshot.unit.agent.status == "idle", let message = Self.pausedMessage(workload) {
                    return .paused(message)
                }
            }
            meter.update(
                [workload?.status, workload?.message].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
            )
            // Blocked passes by while relations are told one after the other; only where it stays it is for people.
            blockedSince = workload?.status == "blocked" ? blockedSince ?? .now : nil
            let isStuck = blockedSince.map { ContinuousClock.now - $0 > .seconds(30) } ?? false
            if isStuck || ContinuousClock.now > deadline { throw Self.refusal(workload) }
            usleep(200_000)
        }
    }

    private static func refusal(_ workload: EntityStatus?) -> OperatorError {
        let message = workload.map { $0.message.isEmpty ? "" : ": " + $0.message } ?? ""
        return OperatorError(
            "Indico is \(workload?.status ?? "unknown")\(message)",
            remedy:
                "'indico-operator debug-log' tells what the charm did, 'indico-operator logs' what the services said.\nEverything keeps running and trying."
        )
    }
}
