// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Has a change of Indico's version that was killed brought to its end, without anybody having to ask.
///
/// The journal says that there is one, the lock that nobody is at it.
package struct RefreshWatch: Sendable {
    private let state: StateDirectory
    private let environment: [String: String]
    /// One that could not go on is tried again, but not all the time.
    private static let pause: UInt32 = 60

    package init(state: StateDirectory, environment: [String: String]) {
        self.state = state
        self.environment = environment
    }

    /// Looks every few seconds, from a thread of its own.
    package func start() throws {
        try startThread(named: "refresh") { [self] in
            while true {
                sleep(isLeftAlone ? takeUp() : 5)
            }
        }
    }

    /// Whether a change is under way and nobody is at it.
    package var isLeftAlone: Bool {
        guard FileStore.exists(state.refreshJournal) else { return false }
        return (try? StateLock(state, holding: "refresh")) != nil
    }

    private func takeUp() -> UInt32 {
        let log = state.logs + "/refresh.log"
        do {
            try DetachedProcess.start(
                state.program(.indicoOperator),
                ["refresh", "--continue", "--state-dir", state.path],
                environment: LocalSupervisor(state: state).environment(inheriting: environment),
                output: log
            )
        } catch {
            FileDescriptorOutput.standardError.write("a refresh that was interrupted cannot be taken up: \(error)\n")
        }
        return Self.pause
    }
}
