// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A page some program serves on this machine's loopback address.
package enum LoopbackPage {
    /// What came back.
    package struct Answer: Hashable, Sendable {
        package var status: Int
        package var body: String
    }

    /// Asks for a page by one GET; nil where nobody answers in time, or with more than there is to read.
    package static func get(_ path: String, port: UInt16, timeout: Duration = .seconds(5)) -> Answer? {
        guard let descriptor = connection(port: port, timeout: timeout) else { return nil }
        defer { close(descriptor) }
        // HTTP/1.0: the body ends with the connection, never in chunks.
        let request = Array("GET \(path) HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\nAccept: text/plain\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        return answer(in: readAll(descriptor))
    }

    /// A connection to a port of this machine.
    ///
    /// - Parameters:
    ///   - port: On the loopback address.
    ///   - timeout: For each single wait on the connection.
    /// - Returns: A descriptor for the caller to close; nil where nobody listens.
    static func connection(port: UInt16, timeout: Duration) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// The most that is read of an answer.
    private static let limit = 16 << 20

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count < limit {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            bytes += chunk[0..<count]
        }
        return bytes
    }

    static func answer(in bytes: [UInt8]) -> Answer? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let words = text[..<end.lowerBound].prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        return Answer(status: status, body: String(text[end.upperBound...]))
    }
}
