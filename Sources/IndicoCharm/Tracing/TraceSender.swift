// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import Glibc

/// Sends a dispatch's trace to whoever the relation `tracing` names; a trace that cannot be sent is lost.
package struct TraceSender: Sendable {
    /// Sends it; says why it could not, nil when it could.
    let send: @Sendable (_ trace: DispatchTrace, _ ended: Duration) -> String?

    /// Sends nothing.
    package static let nobody = TraceSender { _, _ in nil }

    /// Over HTTP, giving the receiver two seconds: a hook must not wait for who only watches.
    package static let http = TraceSender { trace, ended in
        guard let receiver = trace.receiver else { return nil }
        guard !receiver.isSecure else { return "\(receiver) wants TLS, which the charm does not speak" }
        var (wall, boot) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &wall)
        clock_gettime(CLOCK_BOOTTIME, &boot)
        let started = Duration.seconds(wall.tv_sec - boot.tv_sec) + .nanoseconds(wall.tv_nsec - boot.tv_nsec)
        do {
            let body = try trace.body(ended: ended, boot: started, identifier: identifier)
            return post(body, to: receiver)
        } catch {
            return "\(error)"
        }
    }

    private static func identifier(bytes: Int) -> String {
        (0..<bytes).map { _ in
            let digits = String(UInt8.random(in: 1...255), radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }
        .joined()
    }

    private static func post(_ body: [UInt8], to receiver: WebURL) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let port = receiver.port ?? 80
        guard getaddrinfo(receiver.host, String(port), &hints, &found) == 0, let address = found else {
            return "the host of \(receiver) is not known"
        }
        defer { freeaddrinfo(address) }
        let descriptor = socket(
            address.pointee.ai_family,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue),
            address.pointee.ai_protocol
        )
        guard descriptor >= 0 else { return "no socket: error \(errno)" }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            return "cannot connect to \(receiver): error \(errno)"
        }
        let host = receiver.host.contains(":") ? "[\(receiver.host)]" : receiver.host
        let head = """
            POST \(receiver.path)/v1/traces HTTP/1.1\r
            Host: \(host):\(port)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \r

            """
        let request = Array(head.utf8) + body
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return "\(receiver) does not take it: error \(errno)" }
            sent += count
        }
        var answer = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &answer, answer.count, 0)
        let words = String(decoding: answer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        guard words.count > 1, words[1].first == "2" else {
            return "\(receiver) answers \(words.dropFirst().first ?? "nothing")"
        }
        return nil
    }
}
