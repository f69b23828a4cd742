// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Asks a pod over the network how it is, as a kubelet's probe does.
enum Probe {
    /// Whether anybody listens.
    static func answers(at address: String, port: UInt16, timeout: Duration) -> Bool {
        guard let descriptor = connection(address, port, timeout) else { return false }
        close(descriptor)
        return true
    }

    /// The status of one GET; nil where nobody answers in time.
    static func get(_ path: String, host: String? = nil, at address: String, port: UInt16, timeout: Duration) -> Int? {
        guard let descriptor = connection(address, port, timeout) else { return nil }
        defer { close(descriptor) }
        let request = Array(
            "GET \(path) HTTP/1.1\r\nHost: \(host ?? "\(address):\(port)")\r\nConnection: close\r\n\r\n".utf8
        )
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        var head = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &head, head.count, 0)
        guard count > 0 else { return nil }
        let words = String(decoding: head[..<count].prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1.") else { return nil }
        return Int(words[1])
    }

    private static func connection(_ address: String, _ port: UInt16, _ timeout: Duration) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        // The limit for sending is the one for connecting too.
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        let connected =
            address.withCString({ inet_pton(AF_INET, $0, &target.sin_addr) }) == 1
            && withUnsafePointer(to: &target) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        if connected { return descriptor }
        close(descriptor)
        return nil
    }
}
