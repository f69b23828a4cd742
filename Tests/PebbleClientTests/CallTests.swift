// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebbleClient
import Testing

@Suite struct CallTests {
    @Test(arguments: [1, 7, 65536])
    func `a reply is understood however it is cut`(pieces: Int) throws {
        let body = #"{"type":"sync","status-code":200,"status":"OK","result":{"boot-id":"b","version":"v1"}}"#
        let server = try CannedServer(
            [jsonReply(200, body), chunkedReply("application/json", Array(body.utf8), chunk: 5)],
            pieces: pieces
        )
        let client = PebbleClient(socketPath: server.path)
        #expect(try client.systemInfo() == SystemInfo(bootID: "b", version: "v1"))
        #expect(try client.systemInfo().version == "v1")
        #expect(server.requests[0] == "GET /v1/system-info HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }

    @Test func `what the server refuses is thrown with its status, kind and words`() throws {
        let body = #"{"type":"error","status-code":400,"status":"Bad Request","result":{"message":"no","kind":"k"}}"#
        let server = try CannedServer([jsonReply(400, body)])
        #expect(
            throws: PebbleClientError.refused(
                status: 400,
                error: ErrorResult(message: "no", kind: ErrorKind(rawValue: "k"))
            )
        ) {
            try PebbleClient(socketPath: server.path).begin(.start, ["x"])
        }
        #expect(server.requests[0].hasSuffix(#"{"action":"start","services":["x"]}"#))
    }

    @Test func `an unhealthy answer is an answer, not an error`() throws {
        let body = #"{"type":"sync","status-code":502,"status":"Bad Gateway","result":{"healthy":false}}"#
        let server = try CannedServer([jsonReply(502, body)])
        #expect(try !PebbleClient(socketPath: server.path).isHealthy(level: .alive, names: ["a b"]))
        #expect(server.requests[0].hasPrefix("GET /v1/health?names=a%20b&level=alive HTTP/1.1\r\n"))
    }

    @Test func `a socket that is not there is named`() {
        #expect {
            try PebbleClient(socketPath: "/nonexistent/pebble.socket").services()
        } throws: { error in
            "\(error)"
                == #"cannot communicate with server: Get "http://localhost/v1/services?names=": socket "/nonexistent/pebble.socket" not found"#
        }
    }

    @Test func `a server that never answers costs no more than the timeout`() throws {
        let server = try CannedServer([nil])
        let client = PebbleClient(socketPath: server.path, timeout: .milliseconds(50))
        #expect(
            throws: PebbleClientError.timedOut(
                request: #"Get "http://localhost/v1/system-info""#,
                after: .milliseconds(50)
            )
        ) {
            try client.systemInfo()
        }
    }

    @Test(arguments: [
        "", "nonsense", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", "HTTP/1.1 502 X\r\nContent-Length: 5\r\n\r\nproxy",
    ])
    func `a reply that makes no sense is an error that says so`(reply: String) throws {
        let server = try CannedServer([Array(reply.utf8)])
        #expect {
            try PebbleClient(socketPath: server.path).systemInfo()
        } throws: { error in
            if case PebbleClientError.badReply = error { true } else { false }
        }
    }

    @Test func `a change that went wrong is thrown with its own words`() throws {
        let change = #"""
            {"id":"7","kind":"start","summary":"Start","status":"Error","ready":true,"err":"cannot perform","spawn-time":"2026-01-01T00:00:00Z"}
            """#
        let server = try CannedServer([
            jsonReply(202, #"{"type":"async","status-code":202,"status":"Accepted","change":"7","result":null}"#),
            jsonReply(200, #"{"type":"sync","status-code":200,"status":"OK","result":\#(change)}"#),
        ])
        #expect {
            try PebbleClient(socketPath: server.path).perform(.start, ["a"], timeout: .seconds(5))
        } throws: { error in
            "\(error)" == "cannot perform"
        }
        #expect(server.requests[1].hasPrefix("GET /v1/changes/7/wait?timeout=5s HTTP/1.1\r\n"))
    }

    @Test func `log lines come one by one, and reading stops when told`() throws {
        let lines = (1...5).map {
            #"{"time":"2026-01-01T00:00:0\#($0)Z","service":"s","message":"line \#($0)"}"# + "\n"
        }
        let server = try CannedServer([
            chunkedReply("application/x-ndjson", Array(lines.joined().utf8), chunk: 11),
            chunkedReply("application/x-ndjson", Array(lines.joined().utf8), chunk: 11),
        ])
        let client = PebbleClient(socketPath: server.path)
        #expect(try client.logs(["s"], count: nil).map(\.message) == (1...5).map { "line \($0)" })
        var seen: [String] = []
        try client.followLogs { entry in
            seen.append(entry.message)
            return seen.count < 2
        }
        #expect(seen == ["line 1", "line 2"])
        #expect(server.requests[0].hasPrefix("GET /v1/logs?services=s&n=-1 HTTP"))
        #expect(server.requests[1].hasPrefix("GET /v1/logs?n=30&follow=true HTTP"))
    }
}

@Suite struct FileCallTests {
    @Test func `a file is read whole, whatever is in it`() throws {
        let content = Array("one\r\n--b\r\n\r\ntwo\r\n--boundary-not\r\n".utf8) + [0, 255]
        var body = Array(
            "--boundary\r\nContent-Disposition: form-data; name=\"files\"; filename=\"/a\\\"b\"\r\n\r\n".utf8
        )
        body += content
        body += Array(
            """
            \r\n--boundary\r\nContent-Disposition: form-data; name="response"\r\nContent-Type: application/json\r\n\r\n\
            {"type":"sync","status-code":200,"status":"OK","result":[{"path":"/a\\"b"}]}\r\n--boundary--\r\n
            """.utf8
        )
        let server = try CannedServer([chunkedReply("multipart/form-data; boundary=boundary", body, chunk: 10)])
        #expect(try PebbleClient(socketPath: server.path).readFile("/a\"b") == content)
        #expect(server.requests[0].contains("\r\nAccept: multipart/form-data\r\n"))
    }

    @Test func `a path that is not there is said so`() throws {
        let body = """
            --boundary\r\nContent-Disposition: form-data; name="response"\r\nContent-Type: application/json\r\n\r\n\
            {"type":"sync","status-code":200,"status":"OK","result":[{"path":"/a","error":{"message":"gone","kind":"not-found"}}]}\
            \r\n--boundary--\r\n
            """
        let server = try CannedServer([
            chunkedReply("multipart/form-data; boundary=boundary", Array(body.utf8), chunk: 100)
        ])
        #expect {
            try PebbleClient(socketPath: server.path).readFile("/a")
        } throws: { error in
            (error as? PebbleClientError)?.isNotFound == true
        }
    }

    @Test func `a file is written with its permissions, owner and content in parts`() throws {
        let server = try CannedServer([
            jsonReply(200, #"{"type":"sync","status-code":200,"status":"OK","result":[{"path":"/f"}]}"#)
        ])
        try PebbleClient(socketPath: server.path).writeFile(
            "/f",
            Array("content".utf8),
            permissions: 0o40,
            ownership: Ownership(user: "indico"),
            makeParents: true
        )
        let request = server.requests[0]
        #expect(request.contains("Content-Disposition: form-data; name=\"files\"; filename=\"/f\"\r\n"))
        #expect(request.contains(#""make-dirs":true,"path":"/f","permissions":"040","user":"indico""#))
        #expect(request.contains("\r\n\r\ncontent\r\n--"))
    }
}
