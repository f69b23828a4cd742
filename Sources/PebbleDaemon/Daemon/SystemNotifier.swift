// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Tells the service manager above how the daemon is, if there is one that wants to know.
struct SystemNotifier: Sendable {
    let socketPath: String?

    /// Sends a state such as `READY=1`.
    ///
    /// A manager that does not listen is no reason to fail, nor to wait for long: not at all unless `isPatient`.
    func send(_ state: String, isPatient: Bool = true) {
        guard let socketPath, !socketPath.isEmpty, socketPath.utf8.count <= SocketClaim.longestPath else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(socketPath.utf8)
        // The manager writes an abstract socket with an at sign for the NUL it begins with.
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let message = Array(state.utf8)
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        for _ in 0..<(isPatient ? 20 : 1) {
            let sent = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, message, message.count, flags, $0, length)
                }
            }
            guard sent < 0, errno == EAGAIN, isPatient else { return }
            usleep(5000)
        }
    }
}
