// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import NIOCore
import PebbleClient
import Testing

@testable import PebbleDaemon

/// Clients that do not get on with their requests, and one that only waits.
@Suite struct RequestPaceTests {
    private static let pace = RequestPace(
        headers: .milliseconds(200),
        leastBytes: 1000,
        body: .milliseconds(400),
        silence: .milliseconds(600)
    )

    /// Sends a beginning, then a byte now and then; returns what came back before the daemon closed, nil if it never did.
    private func drip(_ beginning: String, _ path: String) throws -> String? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket") }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw SystemError.last("connect") }
        let bytes = Array(beginning.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        // Twenty seconds; it takes less than one unless the machine is busy.
        for _ in 0..<400 {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&poller, 1, 50) > 0 {
                var piece = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &piece, piece.count, 0)
                if count <= 0 { return String(decoding: answer, as: UTF8.self) }
                answer += piece.prefix(count)
            } else {
                var byte = UInt8(ascii: "a")
                _ = send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL))
            }
        }
        return nil
    }

    @Test(arguments: [
        "GET /v1/services HTTP/1.1\r\nX-Slow: ",
        "POST /v1/services HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{",
        "POST /v1/files HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
    ])
    func `who never comes to the end of a request is left`(beginning: String) async throws {
        let daemon = try await TestDaemon {
            $0.holds = true
            $0.requestPace = Self.pace
        }
        let path = daemon.directory.file(".pebble.socket")
        let answer = try await daemon.call { _ in try drip(beginning, path) }
        #expect(answer != nil)
        try await daemon.stop()
    }

    @Test func `who waits for an answer longer than that gets it`() async throws {
        let daemon = try await TestDaemon {
            $0.holds = true
            $0.requestPace = Self.pace
            // The test itself may be held up before it asks.
            $0.requestPace.silence = .minutes(1)
        }
        let notices = try await daemon.call { client in
            try client.notices(keys: ["example.com/never"], waiting: .milliseconds(1500))
        }
        #expect(notices.isEmpty)
        try await daemon.stop()
    }
}
