// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import NIOHTTP1
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// The output of real services, sent by a daemon to real sinks.
@Suite(.serialized) struct ForwardingTests {
    private func daemon(_ layer: String, in directory: TestDirectory? = nil) async throws -> TestDaemon {
        try await TestDaemon(layer: layer, directory: directory) { options in
            options.holds = true
            options.forwarding = ForwardingTiming(
                collecting: .milliseconds(50),
                request: .seconds(20),
                firstRetry: .milliseconds(50),
                longestRetry: .milliseconds(200),
                ending: .seconds(20)
            )
        }
    }

    @Test func `Loki gets the output of the services it asks for, with labels`() async throws {
        let sink = try await LogSink()
        let daemon = try await daemon(
            """
            services:
              web:
                override: replace
                command: sh -c "echo hello; echo world >&2; sleep 1000"
                environment: {OWNER: front end}
              db: {override: replace, command: sh -c "echo secret; sleep 1000"}
            log-targets:
              here:
                override: replace
                type: loki
                location: http://127.0.0.1:\(sink.port)/loki/api/v1/push
                services: [all, -db]
                labels: {owner: "by $OWNER", product: x, nothing: "${UNSET}"}
            """
        )
        try await daemon.change(.start, ["web", "db"])
        try await eventually("the lines did not come") { sink.lines.count == 2 }
        #expect(sink.texts == ["hello", "world"])
        let labels = ["owner": "by front end", "product": "x", "nothing": "", "pebble_service": "web"]
        #expect(sink.lines.allSatisfy { $0.labels == labels })
        let head = try #require(sink.heads.first)
        #expect(head.headers.first(name: "content-type") == "application/json; charset=utf-8")
        #expect(head.headers.first(name: "user-agent") == "pebble/\(DaemonOptions.apiVersion)")
        // The sink has them a moment before the daemon knows.
        try await eventually("they are not counted") {
            let metrics = try await daemon.call { try $0.metrics() }
            return metrics.contains("pebble_log_target_sent_count{target=\"here\"} 2\n")
                && metrics.contains("pebble_log_target_lost_count{target=\"here\"} 0\n")
        }
        try await daemon.stop()
        try await sink.goAway()
    }

    @Test func `a password in the location is used, and a server that moved is followed`() async throws {
        let sink = try await LogSink()
        sink.become(.movedFrom("/old"))
        let daemon = try await daemon(
            """
            services:
              web: {override: replace, command: sh -c "echo hello; sleep 1000"}
            log-targets:
              here:
                override: replace
                type: loki
                location: http://bob:secret@127.0.0.1:\(sink.port)/old
                services: [web]
            """
        )
        try await daemon.change(.start, ["web"])
        try await eventually("the line did not come") { sink.texts == ["hello"] }
        #expect(sink.heads.first?.headers.first(name: "authorization") == "Basic Ym9iOnNlY3JldA==")
        try await daemon.stop()
        try await sink.goAway()
    }

    @Test func `a layer adds, moves and removes targets while services run`() async throws {
        let first = try await LogSink()
        let second = try await LogSink()
        let directory = try TestDirectory()
        let pipe = directory.file("lines")
        let daemon = try await daemon(
            """
            services:
              web: {override: replace, command: "sh -c 'echo begun; touch \(pipe); exec tail -f \(pipe)'"}
            """,
            in: directory
        )
        func write(_ line: String) throws {
            let descriptor = open(pipe, O_WRONLY | O_APPEND | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemError.last("open \(pipe)") }
            defer { close(descriptor) }
            try FileBytes.write(Array("\(line)\n".utf8), to: descriptor, named: pipe)
        }
        try await daemon.change(.start, ["web"])
        let target: @Sendable (LogSink) -> String = { sink in
            "log-targets: {here: {override: replace, type: opentelemetry, "
                + "location: \"http://127.0.0.1:\(sink.port)\", services: [web]}}"
        }
        // What was written before the target was there is sent as well.
        try await daemon.call { try $0.addLayer(label: "one", yaml: target(first)) }
        try await eventually("the line before the target did not come") { first.texts == ["begun"] }
        #expect(first.lines.first?.labels == ["service.name": "web"])
        try await daemon.call { try $0.addLayer(label: "two", yaml: target(second)) }
        try write("moved")
        try await eventually("the line after the move did not come") { second.texts == ["moved"] }
        #expect(first.texts == ["begun"])
        let none = "log-targets: {here: {override: merge, services: [-all]}}"
        try await daemon.call { try $0.addLayer(label: "three", yaml: none) }
        try write("unheard")
        try await eventually("the line was not written") {
            try await daemon.call { try $0.logs(["web"], count: nil) }.last?.message == "unheard"
        }
        try await daemon.stop()
        #expect(second.texts == ["moved"])
        try await first.goAway()
        try await second.goAway()
    }

    @Test func `the last words of services are sent before the daemon ends`() async throws {
        let sink = try await LogSink()
        let daemon = try await daemon(
            """
            services:
              web:
                override: replace
                command: sh -c "trap 'echo farewell; exit' TERM; echo ready; sleep 1000 & wait"
            log-targets:
              here: {override: replace, type: opentelemetry, location: "http://127.0.0.1:\(sink.port)", services: [all]}
            """
        )
        try await daemon.change(.start, ["web"])
        try await daemon.stop()
        #expect(sink.texts == ["ready", "farewell"])
        try await sink.goAway()
    }

    @Test(arguments: [false, true])
    func `syslog gets a message for each line`(isDatagram: Bool) async throws {
        let sink = try SyslogSink(isDatagram: isDatagram)
        let location = "\(isDatagram ? "udp" : "tcp")://127.0.0.1:\(sink.port)"
        let daemon = try await daemon(
            """
            services:
              web: {override: replace, command: sh -c "echo hello; echo world; sleep 1000"}
            log-targets:
              here:
                override: replace
                type: syslog
                location: \(location)
                services: [web]
                labels: {tier: front}
            """
        )
        try await daemon.change(.start, ["web"])
        try await eventually("the messages did not come") { sink.text.hasSuffix("world") }
        let tail = " web - - [pebble@28978 tier=\"front\"] "
        #expect(sink.text.contains("\(tail)hello"))
        #expect(sink.text.contains("\(tail)world"))
        if isDatagram {
            #expect(sink.pieces.count == 2)
            #expect(sink.pieces.allSatisfy { $0.hasPrefix("<13>1 ") })
        } else {
            let length = try #require(Int(sink.text.prefix { $0 != " " }))
            let first = sink.text.dropFirst(String(length).count + 1).prefix(length)
            #expect(first.hasPrefix("<13>1 ") && first.hasSuffix("hello"))
        }
        try await daemon.stop()
        sink.stop()
    }

    @Test func `a target that makes no sense is said to, and harms nothing else`() async throws {
        let daemon = try await daemon(
            """
            services:
              web: {override: replace, command: sleep 1000}
            log-targets:
              here: {override: replace, type: loki, location: "nowhere", services: [all]}
            """
        )
        #expect(try await daemon.change(.start, ["web"]).status == .done)
        try await daemon.stop()
    }
}
