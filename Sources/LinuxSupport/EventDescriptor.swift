// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc

/// A descriptor that one thread waits on and others wake it by.
struct EventDescriptor: Sendable {
    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = clinux_open_event()
        guard descriptor >= 0 else { throw SystemError(number: -descriptor, operation: "open an event descriptor") }
    }

    func wake() {
        var one: UInt64 = 1
        // It fails only when the count would overflow, and then the waiter is awake as it is.
        _ = write(descriptor, &one, 8)
    }

    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
