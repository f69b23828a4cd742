// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc

/// Starts a detached thread, in which writing to a broken pipe is an error and no signal.
///
/// A free function: inside an isolated context the closure would inherit the isolation and trap on the new thread.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(name: name, body: body))
    let number = pthread_create(
        &thread,
        &attributes,
        { raw in
            guard let raw else { return nil }
            let box = Unmanaged<Box>.fromOpaque(raw).takeRetainedValue()
            clinux_prepare_thread(String(box.name.prefix(15)))
            box.body()
            return nil
        },
        box.toOpaque()
    )
    guard number == 0 else {
        box.release()
        throw SystemError(number: number, operation: "start thread \(name)")
    }
}
