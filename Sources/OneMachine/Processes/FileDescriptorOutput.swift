// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Text to one of the standard streams.
package struct FileDescriptorOutput: Sendable {
    package static let standardOutput = FileDescriptorOutput(descriptor: STDOUT_FILENO)
    package static let standardError = FileDescriptorOutput(descriptor: STDERR_FILENO)

    package let descriptor: Int32

    /// Writes all of it.
    ///
    /// A reader that went away is not our failure: `status | head` is a fine command.
    package func write(_ text: String) {
        try? FileBytes.write(Array(text.utf8), to: descriptor, named: "standard stream")
    }

    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// The width of the terminal; nil where it is none.
    package var columns: Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
