// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where the text of a command goes.
package struct Output: Sendable {
    private let write: @Sendable (_ isError: Bool, [UInt8]) -> Void

    /// Makes an output that hands on what is written.
    package init(_ write: @escaping @Sendable (_ isError: Bool, [UInt8]) -> Void) {
        self.write = write
    }

    /// The standard output and error of the process.
    package static var standard: Output {
        Output { isError, bytes in
            let descriptor = isError ? STDERR_FILENO : STDOUT_FILENO
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 && errno != EINTR { return }
                rest = rest.dropFirst(max(count, 0))
            }
        }
    }

    /// Writes to standard output.
    func text(_ text: String) { write(false, Array(text.utf8)) }
    /// Writes a line to standard output.
    func line(_ line: String) { text(line + "\n") }
    /// Writes to standard error.
    func error(_ text: String) { write(true, Array(text.utf8)) }
    /// Writes bytes as they are.
    func bytes(_ bytes: [UInt8], isError: Bool) { write(isError, bytes) }
}
