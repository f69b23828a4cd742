// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc

/// The two ends of a pipe, both closed on exec; whoever makes one closes both.
package struct Pipe: Sendable {
    package let readEnd: Int32
    package let writeEnd: Int32

    package init() throws(SystemError) {
        var readEnd: Int32 = -1
        var writeEnd: Int32 = -1
        let number = clinux_open_pipe(&readEnd, &writeEnd)
        guard number == 0 else { throw SystemError(number: number, operation: "open a pipe") }
        self.readEnd = readEnd
        self.writeEnd = writeEnd
    }

    /// Lets the pipe hold more than it does by default, so that who writes much waits less often; as far as the kernel
    /// lets this user.
    ///
    /// Nothing is taken up by what is not in it.
    package func widen(to bytes: Int32) {
        clinux_widen_pipe(writeEnd, bytes)
    }

    package func closeReadEnd() { close(readEnd) }
    package func closeWriteEnd() { close(writeEnd) }
}
