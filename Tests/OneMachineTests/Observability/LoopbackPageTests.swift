// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Testing

@testable import OneMachine

@Suite struct LoopbackPageTests {
    /// A listener on the loopback address, at a port the kernel chose.
    private static func listener() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 4) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isListening)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test func `a page is fetched from a port of this machine`() throws {
        let (descriptor, port) = try Self.listener()
        defer { close(descriptor) }
        try startThread(named: "page") {
            let client = accept(descriptor, nil, nil)
            var chunk = [UInt8](repeating: 0, count: 4096)
            _ = recv(client, &chunk, chunk.count, 0)
            let answer = Array("HTTP/1.0 200 OK\r\n\r\nhere".utf8)
            _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
            close(client)
        }
        #expect(LoopbackPage.get("/", port: port) == LoopbackPage.Answer(status: 200, body: "here"))
    }

    @Test func `nobody listening is no page, and one who is silent is left`() throws {
        let (silent, port) = try Self.listener()
        defer { close(silent) }
        #expect(LoopbackPage.get("/", port: port, timeout: .seconds(1)) == nil)
        let (gone, formerPort) = try Self.listener()
        close(gone)
        #expect(LoopbackPage.get("/", port: formerPort) == nil)
    }
}
