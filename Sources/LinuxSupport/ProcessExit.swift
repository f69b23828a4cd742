// SPDX-License-Identifier: Apache-2.0

/// How a process ended.
package enum ProcessExit: Hashable, Sendable, CustomStringConvertible {
    /// It called exit.
    case exited(code: Int32)
    /// A signal killed it.
    case signalled(number: Int32)

    /// Reads the status word that `waitpid` fills.
    package init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited(code: (waitStatus >> 8) & 0xff) : .signalled(number: signal)
    }

    /// The code a shell would report: the exit code, or 128 plus the signal.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let number): 128 + number
        }
    }

    /// Whether it exited with code 0.
    package var isSuccess: Bool { self == .exited(code: 0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let number): "signal: \(Signal(rawValue: number).name ?? String(number))"
        }
    }
}
