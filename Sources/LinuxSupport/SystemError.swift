// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A system call that failed: what was being done, to what, and the kernel's reason.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The kernel's error number.
    package let number: Int32
    /// What was being done, with the thing it was done to, as in `open /run/x`.
    package let operation: String

    package init(number: Int32, operation: String) {
        self.number = number
        self.operation = operation
    }

    /// The calling thread's last error.
    ///
    /// To be called right after the failure.
    package static func last(_ operation: String) -> SystemError {
        SystemError(number: errno, operation: operation)
    }

    /// The reason alone, in lower case, as in `no such file or directory`.
    package var reason: String { Self.reason(number) }

    package var description: String { "\(operation): \(reason)" }

    /// The text of an error number, in lower case as the middle of a sentence wants it.
    package static func reason(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let text = buffer.withUnsafeMutableBufferPointer { space -> String in
            guard let base = space.baseAddress, strerror_r(number, base, space.count) == 0 else { return "" }
            return String(cString: base)
        }
        guard let first = text.first else { return "error \(number)" }
        return first.lowercased() + text.dropFirst()
    }

    package var isNotFound: Bool { number == ENOENT }
    package var isPermissionDenied: Bool { number == EACCES || number == EPERM }
}

/// Calls until it is not interrupted by a signal, and turns -1 into an error.
func retryingOnInterrupt<Result: BinaryInteger>(
    _ operation: @autoclosure () -> String,
    _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let number = errno
        if number != EINTR { throw SystemError(number: number, operation: operation()) }
    }
}
