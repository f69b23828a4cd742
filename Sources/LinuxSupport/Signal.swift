// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A signal, by its number.
package struct Signal: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Finds a signal by its full upper-case name, as in `SIGTERM`.
    package init?(name: String) {
        guard let number = Self.numbers[name] else { return nil }
        self.init(rawValue: number)
    }

    package static let hangup = Signal(rawValue: SIGHUP)
    package static let interrupt = Signal(rawValue: SIGINT)
    package static let quit = Signal(rawValue: SIGQUIT)
    package static let kill = Signal(rawValue: SIGKILL)
    package static let terminate = Signal(rawValue: SIGTERM)

    /// The full name, as in `SIGTERM`, if the number has one.
    package var name: String? { Self.names[rawValue] }

    private static let numbers: [String: Int32] = [
        "SIGHUP": SIGHUP, "SIGINT": SIGINT, "SIGQUIT": SIGQUIT, "SIGILL": SIGILL, "SIGTRAP": SIGTRAP,
        "SIGABRT": SIGABRT, "SIGIOT": SIGABRT, "SIGBUS": SIGBUS, "SIGFPE": SIGFPE, "SIGKILL": SIGKILL,
        "SIGUSR1": SIGUSR1, "SIGSEGV": SIGSEGV, "SIGUSR2": SIGUSR2, "SIGPIPE": SIGPIPE, "SIGALRM": SIGALRM,
        "SIGTERM": SIGTERM, "SIGSTKFLT": 16, "SIGCHLD": SIGCHLD, "SIGCLD": SIGCHLD, "SIGCONT": SIGCONT,
        "SIGSTOP": SIGSTOP, "SIGTSTP": SIGTSTP, "SIGTTIN": SIGTTIN, "SIGTTOU": SIGTTOU, "SIGURG": SIGURG,
        "SIGXCPU": SIGXCPU, "SIGXFSZ": SIGXFSZ, "SIGVTALRM": SIGVTALRM, "SIGPROF": SIGPROF, "SIGWINCH": SIGWINCH,
        "SIGIO": SIGIO, "SIGPOLL": SIGIO, "SIGPWR": SIGPWR, "SIGSYS": SIGSYS,
    ]

    private static let aliases: Set<String> = ["SIGIOT", "SIGCLD", "SIGPOLL"]

    private static let names: [Int32: String] = Dictionary(
        uniqueKeysWithValues: numbers.filter { !aliases.contains($0.key) }.map { ($0.value, $0.key) }
    )
}
