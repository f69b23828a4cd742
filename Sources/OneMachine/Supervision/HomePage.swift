// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Asks for the first page as a browser would.
package struct HomePage: Hashable, Sendable {
    /// The name the site goes by, with its port where that is not the protocol's.
    package let authority: String
    /// Where nginx listens on this machine.
    package static let port: UInt16 = 8080
    /// Where Indico itself does, behind nginx.
    package static let indicoPort: UInt16 = 8081

    package init(authority: String = "127.0.0.1:8080") {
        self.authority = authority
    }

    package var url: String { "http://\(authority)" }

    /// Whether a status is that of a page: a fresh site sends its visitor to the page that makes the administrator.
    package static func isServed(_ status: Int) -> Bool { (200..<400).contains(status) }

    /// The status of one GET; nil where nobody answers.
    ///
    /// Never HEAD: Indico takes that for a form without its token.
    ///
    /// - Parameters:
    ///   - path: Of the page.
    ///   - timeout: For each single wait on the connection.
    ///   - port: Who is asked: nginx, or Indico behind it.
    ///   - scheme: What Indico is told of how the visitor came, which nginx tells it otherwise.
    /// - Returns: The status.
    package func status(
        of path: String = "/",
        timeout: Duration = .seconds(20),
        port: UInt16 = Self.port,
        scheme: String? = nil
    ) -> Int? {
        guard let descriptor = LoopbackPage.connection(port: port, timeout: timeout) else { return nil }
        defer { close(descriptor) }
        let forwarded = scheme.map { "X-Forwarded-Proto: \($0)\r\n" } ?? ""
        let head = "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\n\(forwarded)Connection: close\r\n\r\n"
        let request = Array(head.utf8)
        guard
            request.withUnsafeBytes({ send(descriptor, $0.baseAddress, request.count, Int32(MSG_NOSIGNAL)) })
                == request.count
        else { return nil }
        return Self.status(inResponse: read(descriptor))
    }

    private func read(_ descriptor: Int32) -> [UInt8] {
        var head: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !head.contains(UInt8(ascii: "\n")), head.count < 65536 {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            head += chunk[0..<count]
        }
        return head
    }

    static func status(inResponse bytes: [UInt8]) -> Int? {
        let line = String(
            decoding: bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") },
            as: UTF8.self
        )
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1.") else { return nil }
        return Int(words[1])
    }
}
