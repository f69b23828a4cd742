// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Brings the cursor back when a command is interrupted while it draws.
enum CursorGuard {
    /// A signal handler gets no context: each has what it says built in.
    static func install() {
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { CursorGuard.end($0, saying: "\u{1B}[?25h\n") } }
    }

    /// Says as well that nothing is lost.
    static func installForSteps() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) {
                CursorGuard.end($0, saying: "\u{1B}[?25h\n\nInterrupted. Run it again: it goes on from here.\n")
            }
        }
    }

    /// Only what a signal handler may do: one write, and the end.
    private static func end(_ number: Int32, saying words: StaticString) {
        _ = write(STDOUT_FILENO, words.utf8Start, words.utf8CodeUnitCount)
        _exit(128 + number)
    }
}
