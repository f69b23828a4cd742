// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Held by the one command that is changing the installation: `up`, `down`, `enable`, `disable`, `destroy`.
///
/// The kernel lets go of it when the process ends, however it ends.
package struct StateLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock, or says who holds it.
    package init(_ state: StateDirectory, holding purpose: String) throws(OperatorError) {
        let path = state.lock
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let error = SystemError.last("open the lock \(path)")
            throw OperatorError(
                "cannot \(error)",
                remedy: error.isPermissionDenied ? "Run this as the user who ran 'up' first." : ""
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var buffer = [UInt8](repeating: 0, count: 200)
            let count = max(0, read(descriptor, &buffer, buffer.count))
            close(descriptor)
            let holder =
                String(decoding: buffer[0..<count], as: UTF8.self).split(separator: "\n").first ?? "another command"
            throw OperatorError(
                "'\(holder)' is at work on \(state.path)",
                remedy: "Wait until it is done, then run this again."
            )
        }
        let text = Array("indico-operator \(purpose) (process \(getpid()))\n".utf8)
        ftruncate(descriptor, 0)
        _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, text.count, 0) }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
