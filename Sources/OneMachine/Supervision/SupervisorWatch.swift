// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Sees to it that the supervisor is there: the one process that nobody else supervises.
///
/// The agent is its child. When the kernel gives the agent another parent, the supervisor is gone: the agent starts a
/// new one, which ends what the old one left running (this agent with it) and starts all of it again. Under systemd
/// that is systemd's duty, and the agent just ends.
package struct SupervisorWatch: Sendable {
    /// Set, in the daemon's environment, to whoever keeps it alive: `systemd`.
    package static let keeperVariable = "INDICO_OPERATOR_KEPT_BY"

    /// What to do about a supervisor that is gone.
    package enum Reaction: Hashable, Sendable {
        case startAnother
        case leaveToKeeper
    }

    package static func reaction(environment: [String: String]) -> Reaction {
        environment[keeperVariable, default: ""].isEmpty ? .startAnother : .leaveToKeeper
    }

    private let supervisor: LocalSupervisor
    private let parent: Int32
    private let environment: [String: String]

    /// To be made at once when the agent starts, while its parent is still the one that started it.
    package init(supervisor: LocalSupervisor, environment: [String: String]) {
        self.supervisor = supervisor
        self.environment = environment
        parent = getppid()
    }

    /// Watches from a thread of its own.
    ///
    /// `ended` is called once, when the parent is gone.
    package func start(ended: @escaping @Sendable () -> Void) throws {
        // Started by hand rather than by the supervisor: then there is nothing to watch.
        guard let process = supervisor.process(), process.rawValue == parent else { return }
        try startThread(named: "supervisor") { [self] in
            while getppid() == parent { usleep(200_000) }
            react()
            ended()
        }
    }

    private func react() {
        guard Self.reaction(environment: environment) == .startAnother else { return }
        // One that somebody else has started meanwhile is as good.
        guard supervisor.process() == nil else { return }
        do {
            try supervisor.launch(environment: environment)
        } catch {
            FileDescriptorOutput.standardError.write(
                "the supervisor is gone, and another cannot be started: \(error)\n"
            )
        }
    }
}
