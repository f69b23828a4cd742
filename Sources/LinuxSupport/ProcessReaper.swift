// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc
import Synchronization

/// Starts children and collects them, on one thread, by their process descriptors.
///
/// It reaps only what it started, so several may live in one process (the tests' do). With `adoptsOrphans` it also
/// reaps every other child that ends: right for the one reaper of a process that is process 1 or a subreaper.
///
/// Dropped while children run, it is gone, but its thread still collects them: a dead child that nobody waits for hides
/// the others from whoever looks for any.
package final class ProcessReaper: Sendable {
    private let children: ReaperChildren
    /// What children get that ask for no limit of their own.
    private let descriptorLimit: UInt64?
    private let epoll: Int32
    private let wakeup: EventDescriptor

    /// Orphans announce themselves by a signal; they are looked for at least this often, in milliseconds, without one.
    private static let orphanInterval: Int32 = 60_000

    package init(adoptsOrphans: Bool = false, descriptorLimit: UInt64? = nil) throws(SystemError) {
        children = ReaperChildren(adoptsOrphans: adoptsOrphans)
        self.descriptorLimit = descriptorLimit
        epoll = clinux_open_poll()
        guard epoll >= 0 else { throw SystemError(number: -epoll, operation: "open a poll descriptor") }
        wakeup = try EventDescriptor()
        try watch(wakeup.descriptor, identifier: 0)
        if adoptsOrphans {
            let number = clinux_become_subreaper()
            if number != 0 { throw SystemError(number: number, operation: "become the reaper of orphans") }
            Self.wakeAtSignals(wakeup.descriptor)
        }
        let loop = ReaperLoop(
            epoll: epoll,
            wakeup: wakeup,
            timeout: adoptsOrphans ? Self.orphanInterval : -1,
            children: children
        )
        try startThread(named: "reaper") { loop.run() }
    }

    deinit {
        _ = childSignals.compareExchange(expected: wakeup.descriptor, desired: -1, ordering: .sequentiallyConsistent)
        // The thread wakes, finds the reaper gone, ends with the last child, and closes what it polled.
        children.orphan()
        wakeup.wake()
    }

    /// Wakes the thread when any child ends, an adopted one included.
    private static func wakeAtSignals(_ descriptor: Int32) {
        childSignals.store(descriptor, ordering: .sequentiallyConsistent)
        signal(SIGCHLD) { _ in
            // Whoever was interrupted may be about to look at it.
            let number = errno
            var one: UInt64 = 1
            _ = write(childSignals.load(ordering: .sequentiallyConsistent), &one, 8)
            errno = number
        }
    }

    /// Starts a process whose end this reaper will see.
    package func spawn(_ request: SpawnRequest) throws(SystemError) -> ChildProcess {
        // The lock keeps the search for orphans from taking a child that is not in the table yet.
        let result: Result<ChildProcess, SystemError> = children.state.withLock { state in
            do throws(SystemError) {
                var request = request
                request.descriptorLimit = request.descriptorLimit ?? descriptorLimit
                let pid = try ProcessSpawner.spawn(request)
                let descriptor = clinux_open_process_descriptor(pid.rawValue)
                guard descriptor >= 0 else {
                    abandon(pid)
                    return .failure(SystemError(number: -descriptor, operation: "watch process \(pid)"))
                }
                let child = ChildProcess(pid: pid)
                state.table[pid.rawValue] = (descriptor, child)
                do throws(SystemError) {
                    try watch(descriptor, identifier: pid.rawValue)
                } catch {
                    state.table[pid.rawValue] = nil
                    close(descriptor)
                    abandon(pid)
                    return .failure(error)
                }
                return .success(child)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Ends a child that cannot be watched: unsupervised it must not run.
    private func abandon(_ pid: ProcessID) {
        kill(pid.rawValue, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid.rawValue, &status, 0) < 0 && errno == EINTR {}
    }

    private func watch(_ descriptor: Int32, identifier: Int32) throws(SystemError) {
        let number = clinux_watch(epoll, descriptor, identifier)
        guard number == 0 else { throw SystemError(number: number, operation: "watch a descriptor") }
    }

}

/// Where the handler of SIGCHLD writes: a handler gets no context, so it can only be found by a name.
private let childSignals = Atomic<Int32>(-1)

/// The children of a reaper, which its thread collects even when it is gone.
private final class ReaperChildren: Sendable {
    struct State {
        var table: [Int32: (descriptor: Int32, child: ChildProcess)] = [:]
        /// Whether the reaper is gone.
        var isOrphaned = false
    }

    let state = Mutex(State())
    private let adoptsOrphans: Bool

    init(adoptsOrphans: Bool) { self.adoptsOrphans = adoptsOrphans }

    func orphan() { state.withLock { $0.isOrphaned = true } }

    /// Says whether the loop goes on.
    func reap(_ ready: [Int32]) -> Bool {
        for pid in ready where pid > 0 { reapChild(pid) }
        if adoptsOrphans { reapOrphans() }
        return state.withLock { !($0.isOrphaned && $0.table.isEmpty) }
    }

    private func reapChild(_ pid: Int32) {
        guard let entry = state.withLock({ $0.table[pid] }) else { return }
        let ended = entry.child.reap {
            var status: Int32 = 0
            let reaped = clinux_reap(pid, &status)
            if reaped == 0 { return nil }
            // Somebody else's waitpid took it: the code is lost, that it ended is not.
            return reaped > 0 ? ProcessExit(waitStatus: status) : .exited(code: 255)
        }
        guard ended else { return }
        state.withLock { $0.table[pid] = nil }
        // Closing takes it out of the epoll set too.
        close(entry.descriptor)
    }

    private func reapOrphans() {
        while true {
            let isOurs: Bool? = state.withLock { state in
                let pid = clinux_peek_exited_child()
                guard pid > 0 else { return nil }
                if state.table[pid] != nil { return true }
                var status: Int32 = 0
                return clinux_reap(pid, &status) > 0 ? false : nil
            }
            // One of ours hides the orphans behind it; its own event is on the way and ends in another search.
            guard isOurs == false else { return }
        }
    }
}

/// The thread's side of the reaper, which does not keep the reaper alive.
private struct ReaperLoop: Sendable {
    let epoll: Int32
    let wakeup: EventDescriptor
    let timeout: Int32
    let children: ReaperChildren

    func run() {
        var ready = [Int32](repeating: 0, count: 64)
        while true {
            let count = clinux_wait(epoll, &ready, Int32(ready.count), timeout)
            guard count >= 0 else { break }
            let identifiers = Array(ready.prefix(Int(count)))
            if identifiers.contains(0) { wakeup.drain() }
            guard children.reap(identifiers) else { break }
        }
        close(wakeup.descriptor)
        close(epoll)
    }
}
