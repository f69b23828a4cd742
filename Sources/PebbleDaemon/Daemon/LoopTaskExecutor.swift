// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Runs tasks on an event loop.
///
/// What the daemon does is done on its supervisor's loop. What in between belongs to no actor, such as the library's own
/// asynchronous functions, would otherwise run on threads of the runtime's, and each step there and back wake a thread.
final class LoopTaskExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
