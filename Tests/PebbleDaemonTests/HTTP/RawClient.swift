// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A client that sends what it is told to, byte by byte.
///
/// It blocks: to be used on a thread.
final class RawClient {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw SystemError.last("connect") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw SystemError.last("send")
        }
    }

    /// Says that nothing more will come.
    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until the other side closes.
    func receiveAll() throws -> String {
        var all: [UInt8] = []
        while let piece = try receive() { all += piece }
        return String(decoding: all, as: UTF8.self)
    }

    /// One reply whose body has a length.
    func receiveReply() throws -> String {
        var all = ""
        while true {
            if let end = all.range(of: "\r\n\r\n") {
                let head = all[..<end.lowerBound].lowercased()
                let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
                let count = length.flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
                if all[end.upperBound...].utf8.count >= count { return all }
            }
            guard let piece = try receive() else { return all }
            all += String(decoding: piece, as: UTF8.self)
        }
    }

    private func receive() throws -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count >= 0 else { throw SystemError.last("recv") }
        return count == 0 ? nil : Array(piece.prefix(count))
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let (bytes, wanted) = (Array(utf8), Array(text.utf8))
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        {
            let lower = utf8.index(utf8.startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}
