// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import ServiceLifecycle
import Synchronization

/// Gives memory back: soon after the start, of which most of what is resident is left, and every now and then.
///
/// An exporter waits far more than it works, and runs beside each of many units. A thread of its own does it: to wake a
/// task would touch more of the program than a process at rest has resident otherwise.
package struct MemoryKeeper: Service {
    private let interval: Duration

    /// Creates one that looks after the process every ten seconds.
    package init(interval: Duration = .seconds(10)) {
        self.interval = interval
    }

    /// Looks after the process until a graceful shutdown or a cancellation.
    package func run() async throws {
        let isOver = Over()
        let (seconds, attoseconds) = interval.components
        let pause = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        try startThread(named: "memory") {
            sleep(1)
            while !isOver.flag.load(ordering: .relaxed) {
                ProcessMemory.giveBack()
                var pause = pause
                nanosleep(&pause, nil)
            }
        }
        // Waits for the end; being ended is no failure.
        try? await gracefulShutdown()
        isOver.flag.store(true, ordering: .relaxed)
    }

    private final class Over: Sendable {
        let flag = Atomic(false)
    }
}
