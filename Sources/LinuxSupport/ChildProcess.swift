// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A child this process started and has not lost sight of.
package final class ChildProcess: Sendable {
    package let pid: ProcessID

    private enum State {
        case running(waiters: [@Sendable (ProcessExit) -> Void])
        case ended(ProcessExit)
    }

    private let state = Mutex(State.running(waiters: []))

    init(pid: ProcessID) {
        self.pid = pid
    }

    /// Waits for the end, however long ago it was.
    package func exit() async -> ProcessExit {
        await withCheckedContinuation { continuation in
            onExit { continuation.resume(returning: $0) }
        }
    }

    /// Calls once at the end: at once if that has been already, on the reaper's thread otherwise.
    package func onExit(_ body: @escaping @Sendable (ProcessExit) -> Void) {
        let ended: ProcessExit? = state.withLock { state in
            switch state {
            case .ended(let exit):
                return exit
            case .running(let waiters):
                state = .running(waiters: waiters + [body])
                return nil
            }
        }
        if let ended { body(ended) }
    }

    /// How it ended, if it has.
    package var ended: ProcessExit? {
        state.withLock { state in
            guard case .ended(let exit) = state else { return nil }
            return exit
        }
    }

    /// Sends a signal to the process alone.
    ///
    /// Says whether there was a process to send it to.
    @discardableResult
    package func send(_ signal: Signal) -> Bool {
        // Under the lock, as the number may belong to a stranger once the process is reaped.
        state.withLock { state in
            guard case .running = state else { return false }
            return Glibc.kill(pid.rawValue, signal.rawValue) == 0
        }
    }

    /// Sends a signal to the group the process leads, also when only its descendants are left of it.
    @discardableResult
    package func sendToGroup(_ signal: Signal) -> Bool {
        ProcessTable.signalGroup(pid, signal)
    }

    /// Called by the reaper, with the lock held over the reaping itself: see ``send(_:)``.
    func reap(_ wait: () -> ProcessExit?) -> Bool {
        let (ended, waiters): (ProcessExit?, [@Sendable (ProcessExit) -> Void]) = state.withLock { state in
            guard case .running(let waiters) = state, let exit = wait() else { return (nil, []) }
            state = .ended(exit)
            return (exit, waiters)
        }
        guard let ended else { return false }
        for waiter in waiters { waiter(ended) }
        return true
    }
}
