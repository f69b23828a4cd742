// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import FoundationEssentials
import Glibc
import LinuxSupport
import Synchronization
import Testing

@testable import IndicoCharm

@Suite struct TraceTests {
    private func trace() -> DispatchTrace {
        var trace = DispatchTrace(
            event: "config-changed",
            unit: "indico/0",
            model: ("m", "f3a1b2c4-5d6e-4f70-8a91-b2c3d4e5f607"),
            began: .seconds(10)
        )
        trace.mark("observe", at: .seconds(11))
        trace.mark("apply", at: .seconds(14))
        trace.outcome = "active"
        return trace
    }

    private struct Told: Decodable {
        struct Group: Decodable {
            struct Scope: Decodable {
                struct Span: Decodable {
                    struct Status: Decodable {
                        var code: Int
                    }
                    var traceId: String
                    var spanId: String
                    var parentSpanId: String?
                    var name: String
                    var startTimeUnixNano: String
                    var endTimeUnixNano: String
                    var status: Status?
                }
                var spans: [Span]
            }
            var scopeSpans: [Scope]
        }
        var resourceSpans: [Group]
    }

    private func spans(_ body: some Collection<UInt8>) throws -> [Told.Group.Scope.Span] {
        let told = try JSONDecoder().decode(Told.self, from: Data(body))
        return told.resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans)
    }

    @Test func `a dispatch is a span, and its parts are its children`() throws {
        var number = 0
        let body = try trace().body(ended: .seconds(15), boot: .seconds(1_700_000_000)) { bytes in
            number += 1
            return String(repeating: "0", count: bytes * 2 - 1) + "\(number)"
        }
        let spans = try spans(body)
        #expect(spans.map(\.name) == ["dispatch config-changed", "observe", "apply"])
        #expect(Set(spans.map(\.traceId)).count == 1 && spans[0].traceId.count == 32)
        #expect(Set(spans.map(\.spanId)).count == 3)
        #expect(spans.map(\.parentSpanId) == [nil, spans[0].spanId, spans[0].spanId])
        #expect(
            spans[0].startTimeUnixNano == "1700000010000000000" && spans[0].endTimeUnixNano == "1700000015000000000"
        )
        #expect(spans[2].startTimeUnixNano == spans[1].endTimeUnixNano)
        #expect(spans[0].status?.code == 1)
        var failed = trace()
        failed.outcome = nil
        let other = try self.spans(
            failed.body(ended: .seconds(15), boot: .zero) { String(repeating: "a", count: $0 * 2) }
        )
        #expect(other[0].status?.code == 2)
    }

    @Test(arguments: [(200, true), (503, false)])
    func `a receiver gets it over HTTP, and its refusal is told`(code: Int, succeeds: Bool) throws {
        let sink = try Sink(answering: code)
        var trace = trace()
        trace.receiver = WebURL("http://127.0.0.1:\(sink.port)/tempo")
        let problem = TraceSender.http.send(trace, .seconds(15))
        #expect((problem == nil) == succeeds, "\(problem ?? "")")
        let request = sink.request()
        let text = String(decoding: request, as: UTF8.self)
        #expect(text.hasPrefix("POST /tempo/v1/traces HTTP/1.1\r\n"))
        #expect(text.contains("Content-Type: application/json\r\n"))
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        #expect(try spans(Array(text[end.upperBound...].utf8)).count == 3)
    }

    @Test func `who is not there, or wants TLS, costs a sentence`() throws {
        var trace = trace()
        #expect(TraceSender.http.send(trace, .seconds(15)) == nil)
        trace.receiver = WebURL("http://127.0.0.1:1")
        #expect(TraceSender.http.send(trace, .seconds(15))?.contains("cannot connect") == true)
        trace.receiver = WebURL("http://nowhere.invalid")
        #expect(TraceSender.http.send(trace, .seconds(15))?.contains("not known") == true)
    }

    @Test func `a receiver over TLS gets it when its authority is trusted, and nothing otherwise`() async throws {
        let server = try await TLSSink.start()
        var trace = trace()
        // By name: the certificate is for the name, and the name has to be looked up.
        trace.receiver = WebURL("https://localhost:\(server.port)/tempo")
        let untrusted = try #require(TraceSender.http.send(trace, .seconds(15)))
        #expect(untrusted.contains("TLS handshake failed"))
        #expect(TraceSender.overHTTP(trusting: server.authority).send(trace, .seconds(15)) == nil)
        let request = try await server.request()
        #expect(request.hasPrefix("POST /tempo/v1/traces HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"))
        let end = try #require(request.firstRange(of: "\r\n\r\n"))
        #expect(try spans(Array(request[end.upperBound...].utf8)).count == 3)
        // The same server by its address is somebody else: its certificate does not hold that.
        trace.receiver = WebURL("https://127.0.0.1:\(server.port)")
        let misnamed = TraceSender.overHTTP(trusting: server.authority).send(trace, .seconds(15))
        #expect(misnamed?.contains("mismatch") == true, "\(misnamed ?? "")")
        await server.end()
    }

    @Test func `a receiver that speaks no TLS where it should costs a sentence`() throws {
        let sink = try Sink(answering: 200)
        var trace = trace()
        trace.receiver = WebURL("https://127.0.0.1:\(sink.port)")
        #expect(TraceSender.http.send(trace, .seconds(15)) != nil)
    }
}

/// A server that takes one request, answers with a status and keeps what it was sent.
private final class Sink: Sendable {
    let port: UInt16
    private let received = Mutex<[UInt8]?>(nil)

    init(answering code: Int) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        try #require(bound)
        port = UInt16(bigEndian: address.sin_port)
        try startThread(named: "sink") { [self] in
            let connection = accept(listener, nil, nil)
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while !Self.isWhole(bytes) {
                let count = recv(connection, &chunk, chunk.count, 0)
                guard count > 0 else { break }
                bytes += chunk[0..<count]
            }
            let reply = Array("HTTP/1.1 \(code) Something\r\nContent-Length: 0\r\n\r\n".utf8)
            _ = send(connection, reply, reply.count, Int32(MSG_NOSIGNAL))
            close(connection)
            close(listener)
            received.withLock { $0 = bytes }
        }
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"), let length = text.firstRange(of: "Content-Length: ") else {
            return false
        }
        let count = text[length.upperBound...].prefix { $0.isNumber }
        return text[end.upperBound...].utf8.count >= Int(count) ?? 0
    }

    /// What was received, once it has been answered.
    func request() -> [UInt8] {
        for _ in 0..<500 {
            if let bytes = received.withLock({ $0 }) { return bytes }
            usleep(10_000)
        }
        return []
    }
}
