// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The charm's log for whoever is not on the dispatch's thread: log handlers of libraries, for one.
///
/// Lines of the dispatch's own thread go the usual way at once; those of other threads wait until the next line of the
/// dispatch, or its end.
///
/// `@unchecked` holds because ``log`` is touched on the thread that made this only; what others bring is in a mutex.
package final class LogSink: @unchecked Sendable {
    private weak var log: Log?
    private let thread = pthread_self()
    private let waiting = Mutex<[Log.Line]>([])

    init(_ log: Log) {
        self.log = log
    }

    /// Takes a line, on any thread.
    ///
    /// - Parameter line: The line.
    package func take(_ line: Log.Line) {
        guard pthread_equal(pthread_self(), thread) != 0 else {
            waiting.withLock { $0.append(line) }
            return
        }
        if let log {
            log.log(line.level, line.text)
        } else {
            StandardError.write("\(line.level.rawValue) \(line.text)")
        }
    }

    /// Takes out what other threads brought.
    func drain() -> [Log.Line] {
        waiting.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
