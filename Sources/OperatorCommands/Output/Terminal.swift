// SPDX-License-Identifier: Apache-2.0
import Glibc
import OneMachine

/// What the terminal can show.
struct Terminal {
    let isTerminal: Bool
    let look: StepLook

    static func standardOutput(environment: [String: String]) -> Terminal {
        let output = FileDescriptorOutput.standardOutput
        let isTerminal = output.isTerminal && environment["TERM", default: "dumb"] != "dumb"
        let locale = environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"] ?? ""
        let look = StepLook(
            usesColour: isTerminal && environment["NO_COLOR", default: ""].isEmpty,
            usesUnicode: locale.lowercased().contains("utf"),
            width: output.columns ?? 80
        )
        return Terminal(isTerminal: isTerminal, look: look)
    }
}

/// Reads what must not be seen.
enum SecretInput {
    /// Asks twice on the terminal without showing what is typed.
    ///
    /// Where standard input is no terminal, one line of it is taken.
    static func read(prompt: String) throws -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            guard let line = Swift.readLine(strippingNewline: true), !line.isEmpty else {
                throw OperatorError(
                    "standard input holds no \(prompt)",
                    remedy: "Write it as one line to standard input."
                )
            }
            return line
        }
        let first = try ask("\(prompt): ")
        guard !first.isEmpty else { throw OperatorError("no \(prompt) was given") }
        guard try ask("\(prompt) again: ") == first else {
            throw OperatorError("the two differ", remedy: "Run this again.")
        }
        return first
    }

    private static func ask(_ prompt: String) throws -> String {
        var shown = termios()
        guard tcgetattr(STDIN_FILENO, &shown) == 0 else { throw OperatorError("the terminal cannot be asked") }
        var hidden = shown
        hidden.c_lflag &= ~UInt32(ECHO)
        // A signal must not end the program before the terminal shows again what is typed: it only ends the reading.
        var interrupting = sigaction()
        interrupting.__sigaction_handler.sa_handler = { _ in }
        var former = sigaction()
        sigaction(SIGINT, &interrupting, &former)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        FileDescriptorOutput.standardError.write(prompt)
        let line = readLine()
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
        FileDescriptorOutput.standardError.write("\n")
        sigaction(SIGINT, &former, nil)
        guard let line else {
            // Now as if nothing had been in its way.
            raise(SIGINT)
            throw OperatorError("interrupted")
        }
        return line
    }

    /// One line of standard input; nil when a signal came first.
    private static func readLine() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0 && errno == EINTR { return nil }
            guard count == 1, byte != UInt8(ascii: "\n") else { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }
}
