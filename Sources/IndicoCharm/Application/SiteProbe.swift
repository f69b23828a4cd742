// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Asks the site for its cheapest answer the way a visitor would.
///
/// The charm shares the network of its workload: the pod's on Kubernetes, the machine's on one machine. Checks of
/// Pebble say the same, but only after their next period; a hook that just started the workload wants to know now.
package struct SiteProbe: Sendable {
    /// Asks for a path and gives the status code, or nil when there was no answer.
    package let ask: @Sendable (_ port: Int, _ host: String, _ path: String) -> Int?

    package init(ask: @escaping @Sendable (_ port: Int, _ host: String, _ path: String) -> Int?) {
        self.ask = ask
    }

    /// A probe over a socket to this host.
    package static let socket = SiteProbe { port, host, path in
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port).bigEndian)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
        // MSG_NOSIGNAL: a peer that closes early must cost an answer, not the process.
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        return statusCode(descriptor)
    }

    /// Reads the first line, `HTTP/1.1 204 No Content`.
    private static func statusCode(_ descriptor: Int32) -> Int? {
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 512)
        while head.count < 12 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            head += buffer[..<count]
        }
        return Int(String(decoding: head[9..<12], as: UTF8.self))
    }
}

/// Time as the application of a decision sees it.
package struct Pace: Sendable {
    /// How long ago the machine was started.
    package let now: @Sendable () -> Duration
    /// Waits.
    package let sleep: @Sendable (Duration) -> Void

    package init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's clock.
    package static let real = Pace(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        },
        sleep: { duration in
            let (seconds, attoseconds) = duration.components
            var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
            var left = timespec()
            while nanosleep(&time, &left) != 0, errno == EINTR { time = left }
        }
    )
}
