// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A file that takes what programs said during one step, for whoever wants to know more than the screen shows.
package final class LogFile: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Starts the file anew.
    package init(_ path: String) throws(OperatorError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OperatorError("cannot \(SystemError.last("open the log \(path)"))") }
    }

    deinit { close(descriptor) }

    package func append(_ bytes: ArraySlice<UInt8>) {
        // What cannot be logged must not stop what is logged.
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, bytes.count) }
    }
}
