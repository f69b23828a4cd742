// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Tells any number of waiting threads, and one waiting task, that something has changed.
///
/// `@unchecked Sendable` holds because the two kernel objects are made for use by many threads, stand at a fixed
/// address, and `count` is touched only with the mutex held.
final class ChangeSignal: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var count = 0

    /// The one task that waits, or whether there has been a change since it last did.
    private enum Sleeper {
        case none(isWoken: Bool)
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let sleeper = Mutex(Sleeper.none(isWoken: false))

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The clock on the wall may jump while a thread waits.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// How many changes there have been.
    var generation: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return count
    }

    /// Announces a change to all who wait.
    func signal() {
        announce()
        wake()
    }

    /// Wakes the waiting task; when none waits, the next wait ends at once.
    func wake() {
        let waiting: CheckedContinuation<Void, Never>? = sleeper.withLock { sleeper in
            guard case .waiting(let continuation) = sleeper else {
                sleeper = .none(isWoken: true)
                return nil
            }
            sleeper = .none(isWoken: false)
            return continuation
        }
        waiting?.resume()
    }

    /// Suspends the one task that waits until there has been a change since it last waited, or it is cancelled.
    ///
    /// Not an `AsyncStream`: cancelling a task that waits for one ends the stream for good.
    func nextWake() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWoken = sleeper.withLock { sleeper in
                    if case .none(isWoken: true) = sleeper {
                        sleeper = .none(isWoken: false)
                        return true
                    }
                    sleeper = .waiting(continuation)
                    return false
                }
                if isWoken { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }

    /// Announces a change to the waiting threads only: one that gives the task nothing to do.
    func announce() {
        pthread_mutex_lock(mutex)
        count += 1
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Blocks the thread until there has been a change since `generation`, or the time is up.
    func wait(since generation: Int, atMost limit: Duration) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + Int(limit.components.attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(limit.components.seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while count == generation {
            if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return }
        }
    }
}
