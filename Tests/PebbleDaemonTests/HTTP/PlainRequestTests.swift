// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// Requests that are answered without being taken apart: which ones, and that nobody can tell.
@Suite struct PlainRequestTests {
    private func target(_ text: String) -> String? {
        Array(text.utf8).withUnsafeBytes { PlainRequest.target($0) }
    }

    @Test func `what clients that watch send is plain`() {
        #expect(target("GET /v1/services HTTP/1.1\r\n\r\n") == "/v1/services")
        #expect(target("GET /v1/services HTTP/1.1\r\nHost: localhost\r\n\r\n") == "/v1/services")
        let go = "Host: localhost\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n"
        #expect(target("GET /v1/changes/12?a=b&c HTTP/1.1\r\n\(go)") == "/v1/changes/12?a=b&c")
        #expect(target("GET /v1/a HTTP/1.1\r\nCONNECTION: Keep-Alive\r\nAccept: */*\r\n\r\n") == "/v1/a")
    }

    @Test(arguments: [
        "", "GET", "GET /v1/", "GET /v1/services HTTP/1.1\r\n", "GET /v1/services HTTP/1.1\r\nHost: a\r\n",
        "GET /v1/services HTTP/1.1\r\nHost: a\r\n\r", "GET /v1/services HTTP/1.1\r\nHost: a\r\n\r\nG",
        "GET /v1/services HTTP/1.1\n\n", "GET /v1/services HTTP/1.0\r\n\r\n", "HEAD /v1/services HTTP/1.1\r\n\r\n",
        "get /v1/services HTTP/1.1\r\n\r\n", "GET  /v1/services HTTP/1.1\r\n\r\n", "GET /v2 HTTP/1.1\r\n\r\n",
        "GET /v1/a%2Fb HTTP/1.1\r\n\r\n", "GET /v1/a+b HTTP/1.1\r\n\r\n", "GET /v1/a#b HTTP/1.1\r\n\r\n",
        "GET /v1/a\u{e4} HTTP/1.1\r\n\r\n", "GET http://a/v1/a HTTP/1.1\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "GET /v1/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /v1/a HTTP/1.1\r\nConnection: Upgrade\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "GET /v1/a HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", "GET /v1/a HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nHost : a\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\n: a\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: a\nContent-Length: 5\r\n\r\n",
        "GET /v1/a HTTP/1.1\r\n\r\nGET /v1/a HTTP/1.1\r\n\r\n", "GET /v1/a HTTP/1.1\r\nHost: \u{7f}\r\n\r\n",
    ])
    func `what may mean more than it seems is not`(text: String) {
        #expect(target(text) == nil)
    }

    @Test func `no more than a line or two is looked at`() {
        #expect(target("GET /v1/" + String(repeating: "a", count: 3000) + " HTTP/1.1\r\n\r\n") == nil)
    }

    private static let layer = "services: {web: {override: replace, command: sleep 1000}}"

    /// The same request whole, and in two pieces, which leaves it to those who can take anything apart.
    private func ask(_ path: String, _ target: String) throws -> (whole: String, pieces: String) {
        let request = "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let plain = try RawClient(path)
        try plain.send(request)
        let whole = try plain.receiveReply()
        let slow = try RawClient(path)
        try slow.send(String(request.prefix(10)))
        usleep(20_000)
        try slow.send(String(request.dropFirst(10)))
        return (whole, try slow.receiveReply())
    }

    @Test(arguments: [
        "/v1/services", "/v1/services?names=web", "/v1/services?names=none", "/v1/system-info", "/v1/health",
        "/v1/checks",
        "/v1/changes?select=all", "/v1/changes?select=nope", "/v1/changes/99", "/v1/plan?format=yaml", "/v1/plan",
        "/v1/identities", "/v1/metrics", "/v1/nope", "/v1/services/", "/v1//services", "/v1/../v1/services", "/v1/exec",
        "/v1/notices", "/v1/logs?n=5", "/v1/files?action=list",
    ])
    func `the answer is the same by the byte`(target: String) async throws {
        let daemon = try await TestDaemon(layer: Self.layer)
        let path = daemon.directory.file(".pebble.socket")
        let (whole, pieces) = try await daemon.call { _ in try ask(path, target) }
        #expect(whole == pieces)
        #expect(whole.hasPrefix("HTTP/1.1 "))
        try await daemon.stop()
    }

    @Test func `one connection may send one kind after the other, also many at once`() async throws {
        let daemon = try await TestDaemon(layer: Self.layer)
        let path = daemon.directory.file(".pebble.socket")
        let plain = "GET /v1/services HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let body = #"{"action":"add","type":"custom","key":"example.com/a"}"#
        let other = "POST /v1/notices HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let (first, second, rest) = try await daemon.call { _ in
            let client = try RawClient(path)
            try client.send(plain)
            let first = try client.receiveReply()
            try client.send(other)
            let second = try client.receiveReply()
            try client.send(plain + other + plain + plain)
            client.endInput()
            return (first, second, try client.receiveAll())
        }
        #expect(first.contains(#""name":"web""#))
        #expect(second.contains(#""id":"1""#))
        #expect(rest.split(separator: "HTTP/1.1 200 OK").count == 4)
        try await daemon.stop()
    }

    @Test func `who has said all there is to say, and is slow to listen, gets the whole answer`() async throws {
        let text = String(repeating: "x", count: 900_000)
        let daemon = try await TestDaemon(
            layer: "services: {web: {override: replace, command: sleep 1000, description: \(text)}}"
        )
        let path = daemon.directory.file(".pebble.socket")
        for isPlain in [true, false] {
            let answer = try await daemon.call { _ in
                let client = try RawClient(path)
                let more = isPlain ? "" : "X-Other: a\r\n"
                try client.send("GET /v1/plan?format=yaml HTTP/1.1\r\nHost: localhost\r\n\(more)\r\n")
                client.endInput()
                // So that the socket is full, and what does not go in waits.
                usleep(300_000)
                return try client.receiveAll()
            }
            #expect(answer.utf8.count > 900_000)
            #expect(answer.hasSuffix("}"))
        }
        try await daemon.stop()
    }

    @Test func `who may not look is told so, and plain requests are in the daemon's log`() async throws {
        let directory = try TestDirectory()
        let pebble = try RunningProgram(directory, layer: Self.layer)
        try await pebble.waitUntilReady()
        let path = directory.file(".pebble.socket")
        let answers = try await pebble.call { client in
            let raw = try RawClient(path)
            var answers: [String] = []
            for _ in 0..<3 {
                try raw.send("GET /v1/plan?format=yaml HTTP/1.1\r\n\r\n")
                answers.append(try raw.receiveReply())
            }
            try client.changeIdentities(.add, ["me": IdentityInfo(access: .untrusted, local: .init(userID: geteuid()))])
            try raw.send("GET /v1/plan?format=yaml HTTP/1.1\r\n\r\n")
            return answers + [try raw.receiveReply()]
        }
        #expect(answers.map { $0.prefix(12) } == ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 401"])
        #expect(await pebble.stop() == .exited(code: 0))
        let lines = pebble.errors.split(separator: "\n").filter { $0.contains("[pebble] GET /v1/plan?format=yaml ") }
        #expect(lines.map { $0.split(separator: " ").dropLast().last } == ["200", "200", "200", "401"])
        #expect(pebble.errors.contains("authz_fail"))
    }
}
