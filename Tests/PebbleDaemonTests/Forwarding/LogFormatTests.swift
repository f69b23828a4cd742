// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct LogFormatTests {
    private let batch = LogBatch(
        entries: [
            LogEntry(time: Timestamp(seconds: 7, nanoseconds: 42), service: "web", text: Array("a \"b\"".utf8)[...]),
            LogEntry(time: Timestamp(seconds: 8), service: "db", text: [0xFF, 0x0A][...]),
            LogEntry(time: Timestamp(seconds: 9), service: "web", text: Array("c".utf8)[...]),
        ],
        labels: ["web": ["tier": "front", "app": "x"]]
    )

    @Test func `Loki gets a stream for each service, times in nanoseconds`() {
        let expected =
            #"{"streams":[{"stream":{"pebble_service":"db"},"values":[["8000000000","\#u{FFFD}\n"]]},"#
            + #"{"stream":{"app":"x","tier":"front","pebble_service":"web"},"#
            + #""values":[["7000000042","a \"b\""],["9000000000","c"]]}]}"#
        #expect(String(buffer: LokiFormat.body(batch)) == expected)
    }

    @Test func `OpenTelemetry gets a resource for each service`() {
        let expected =
            #"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"db"}}]},"#
            + #""scopeLogs":[{"scope":{"name":"pebble"},"logRecords":"#
            + #"[{"timeUnixNano":"8000000000","body":{"stringValue":"\#u{FFFD}\n"}}]}]},"#
            + #"{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}},"#
            + #"{"key":"app","value":{"stringValue":"x"}},{"key":"tier","value":{"stringValue":"front"}}]},"#
            + #""scopeLogs":[{"scope":{"name":"pebble"},"logRecords":"#
            + #"[{"timeUnixNano":"7000000042","body":{"stringValue":"a \"b\""}},"#
            + #"{"timeUnixNano":"9000000000","body":{"stringValue":"c"}}]}]}]}"#
        #expect(String(buffer: OpenTelemetryFormat.body(batch)) == expected)
    }

    @Test func `syslog messages have service, labels and text`() {
        let message = SyslogFormat.message(
            batch.entries[2],
            labels: [(name: "k", value: "a\"b]c\\d")],
            host: "the host"
        )
        let text = String(decoding: message, as: UTF8.self)
        let expected = #"<13>1 1970-01-01T00:00:09.000000Z thehost web - - [pebble@28978 k="a\"b\]c\\d"] c"#
        #expect(text == expected)
        #expect(String(decoding: SyslogFormat.frame(Array("abc".utf8)), as: UTF8.self) == "3 abc")
        let long = SyslogFormat.datagram([UInt8](repeating: 65, count: 5000))
        #expect(long.count == 4000)
        #expect(String(decoding: long.suffix(4), as: UTF8.self) == "A...")
    }

    @Test(arguments: [
        ("$A", "one"), ("${A}b", "oneb"), ("x$A-$B", "xone-two"), ("$MISSING.", "."), ("$A_", ""),
        ("cost: 5$", "cost: 5$"), ("$ $A", "$ one"), ("${", ""), ("${A", "A"), ("$1A", "A"), ("none", "none"),
        ("$$A", "A"), ("$?$*", ""), ("a$-b", "ab"), ("${$}.", "."),
    ])
    func `variables of the service are filled in`(text: String, expected: String) {
        #expect(LogLabels.expanded(text, ["A": "one", "B": "two"]) == expected)
    }

    @Test func `what is not the batch's fault is tried again`() {
        func delivery(_ status: Int, retryAfter: String? = nil) -> LogDelivery {
            HTTPLogDestination.delivery(HTTPAnswer(status: status, retryAfter: retryAfter))
        }
        #expect(delivery(200) == .taken)
        #expect(delivery(204) == .taken)
        #expect(delivery(400) == .refused("it answered 400"))
        #expect(delivery(429, retryAfter: "7") == .unavailable("it answered 429", retryAfter: .seconds(7)))
        #expect(delivery(503) == .unavailable("it answered 503"))
    }

    @Test func `syslog locations have a protocol, a host and a port`() throws {
        let address = try SyslogAddress("udp://[::1]:514")
        #expect(address.isDatagram)
        #expect(address.host == "::1")
        #expect(address.port == 514)
        for text in ["localhost:514", "http://a:1", "tcp://a", "tcp://:1", "tcp://a:0"] {
            #expect(throws: ProbeFailure.self) { try SyslogAddress(text) }
        }
    }
}
