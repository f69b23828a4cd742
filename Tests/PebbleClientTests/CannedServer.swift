// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization

/// A server on a Unix socket that answers each connection with bytes fixed beforehand, and keeps what it was asked.
final class CannedServer: Sendable {
    let path: String
    private let directory: String
    private let listener: Int32
    private let asked = Mutex<[String]>([])

    /// The requests so far, each with its body.
    var requests: [String] { asked.withLock { $0 } }

    /// Begins to listen.
    ///
    /// - replies: what to answer to each connection in turn; nil to never answer.
    /// - pieces: how many bytes to write at once.
    init(_ replies: [[UInt8]?], pieces: Int = 1 << 16) throws {
        var template = Array("/tmp/canned-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = directory + "/s"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(listener, 16) == 0 else { throw SystemError.last("listen") }
        try startThread(named: "canned") { [self] in
            for reply in replies { serve(reply, pieces: pieces) }
        }
    }

    deinit {
        close(listener)
        unlink(path)
        rmdir(directory)
    }

    private func serve(_ reply: [UInt8]?, pieces: Int) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        asked.withLock { $0.append("") }
        let request = readRequest(connection)
        asked.withLock { $0[$0.count - 1] = request }
        guard let reply else {
            // Stays until the client gives up.
            var byte: UInt8 = 0
            _ = read(connection, &byte, 1)
            close(connection)
            return
        }
        var rest = reply[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces)
            rest = rest.dropFirst(piece.count)
            _ = piece.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
        }
        close(connection)
    }

    private func readRequest(_ connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let head = text.range(of: "\r\n\r\n"), Self.length(text) <= text[head.upperBound...].utf8.count {
                return text
            }
            let count = read(connection, &buffer, buffer.count)
            if count <= 0 { return text }
            bytes += buffer[..<count]
        }
    }

    private static func length(_ head: String) -> Int {
        guard let start = head.range(of: "Content-Length: ") else { return 0 }
        return Int(head[start.upperBound...].prefix { $0.isNumber }) ?? 0
    }
}

extension String {
    /// Where a text first stands in this one.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        firstRange(of: text)
    }
}

/// A whole reply with a JSON body.
func jsonReply(_ status: Int, _ body: String) -> [UInt8] {
    Array(
        "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            .utf8
    )
}

/// A whole reply whose body comes in chunks.
func chunkedReply(_ type: String, _ body: [UInt8], chunk: Int) -> [UInt8] {
    var reply = Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    var rest = body[...]
    while !rest.isEmpty {
        let piece = rest.prefix(chunk)
        rest = rest.dropFirst(piece.count)
        reply += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
    }
    return reply + Array("0\r\n\r\n".utf8)
}
