// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import Glibc

/// Sends a dispatch's trace to whoever the relation `tracing` names; a trace that cannot be sent is lost.
package struct TraceSender: Sendable {
    /// Sends it; says why it could not, nil when it could.
    let send: @Sendable (_ trace: DispatchTrace, _ ended: Duration) -> String?

    /// Sends nothing.
    package static let nobody = TraceSender { _, _ in nil }

    /// Over HTTP, with TLS where the receiver has an `https` address.
    package static let http = overHTTP()

    /// Over HTTP, giving the receiver two seconds for each step: a hook must not wait for who only watches.
    ///
    /// - Parameter trusting: A file of certificates to trust instead of the system's authorities.
    /// - Returns: The sender.
    static func overHTTP(trusting: String? = nil) -> TraceSender {
        TraceSender { trace, ended in send(trace, ended: ended, trusting: trusting) }
    }

    private static func send(_ trace: DispatchTrace, ended: Duration, trusting: String?) -> String? {
        guard let receiver = trace.receiver else { return nil }
        var (wall, boot) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &wall)
        clock_gettime(CLOCK_BOOTTIME, &boot)
        let started = Duration.seconds(wall.tv_sec - boot.tv_sec) + .nanoseconds(wall.tv_nsec - boot.tv_nsec)
        do {
            let body = try trace.body(ended: ended, boot: started, identifier: identifier)
            return post(body, to: receiver, trusting: trusting)
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

    private static func post(_ body: [UInt8], to receiver: WebURL, trusting: String?) -> String? {
        let port = receiver.port ?? (receiver.isSecure ? 443 : 80)
        let host = receiver.host.contains(":") ? "[\(receiver.host)]" : receiver.host
        let head = """
            POST \(receiver.path)/v1/traces HTTP/1.1\r
            Host: \(host):\(port)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \r

            """
        do {
            let connection = try ReceiverConnection.open(to: receiver, patience: .seconds(2), trusting: trusting)
            try connection.send(Array(head.utf8) + body)
            let answer = String(decoding: try connection.receive().prefix(64), as: UTF8.self).split(separator: " ")
            guard answer.count > 1, answer[1].first == "2" else {
                return "\(receiver) answers \(answer.dropFirst().first ?? "nothing")"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
