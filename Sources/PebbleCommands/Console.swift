// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleClient

/// The terminal this process was started from, if there is one.
struct Console: Sendable {
    /// Whether what we read comes from a terminal.
    var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }
    /// Whether what we write goes to a terminal.
    var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// How big it is; nil where there is none.
    var size: ExecCall.TerminalSize? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return ExecCall.TerminalSize(width: Int(size.ws_col), height: Int(size.ws_row))
    }

    /// Hands every key on as it is, and gives back how to end that.
    func makeRaw() throws -> (@Sendable () -> Void)? {
        guard isInputTerminal else { return nil }
        var attributes = termios()
        guard tcgetattr(STDIN_FILENO, &attributes) == 0 else { return nil }
        let before = attributes
        cfmakeraw(&attributes)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &attributes) == 0 else {
            throw CommandFailure("\(SystemError.last("make the terminal raw"))")
        }
        return {
            var before = before
            tcsetattr(STDIN_FILENO, TCSANOW, &before)
        }
    }

    /// Hands signals to the command instead of dying of them; to be called before other threads are made.
    func forwardSignals(to control: ExecControl, resizes: Bool) throws {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH] {
            sigaddset(&set, signal)
        }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let awaited = set
        try startThread(named: "signals") {
            var awaited = awaited
            while true {
                var number: Int32 = 0
                guard sigwait(&awaited, &number) == 0 else { return }
                if number == SIGWINCH {
                    if resizes, let size { control.resize(size) }
                } else if let name = Signal(rawValue: number).name {
                    control.signal(name)
                }
            }
        }
    }
}
