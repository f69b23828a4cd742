// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import MetricsServer
import MetricsText
import ProgramTesting
import Testing

@testable import StatsDExporter

@Suite struct ProgramTests {
    private static let quiet = [
        "--statsd.listen-udp=127.0.0.1:0", "--statsd.listen-tcp=", "--web.listen-address=127.0.0.1:0",
    ]

    @Test func `the program reloads on SIGHUP and ends in order on SIGTERM`() async throws {
        try await withFile(UWSGIMapping.text) { mapping in
            let arguments = Self.quiet + ["--statsd.mapping-config=\(mapping)"]
            try await BuiltProgram.running("statsd-exporter", arguments) { program in
                let port = try #require(try await program.number(after: "web"), "\(program.words)")
                let client = ScrapeClient(port: port)
                try await until {
                    program.child.send(.hangup)
                    let scrape = try MetricsDocument(try await client.fetch("/metrics").body)
                    return try #require(scrape.sum("statsd_exporter_config_reloads_total", ["outcome": "success"])) >= 1
                }
                program.child.send(.terminate)
                #expect(await program.child.exit() == .exited(code: 0))
            }
        }
    }

    @Test func `a mapping file is checked without starting anything`() async throws {
        try await withFile("mappings: [{match: a, name: a}]") { mapping in
            let result = try await run(["--check-config", "--statsd.mapping-config=\(mapping)"])
            #expect(result.exit == .exited(code: 0))
            #expect(result.outputText == "configuration is good: 1 mappings\n")
        }
        try await withFile("mappings:\n- {match: 'a b', name: a}\n- {match: a, name: '9'}\n") { mapping in
            let result = try await run(["--check-config", "--statsd.mapping-config=\(mapping)"])
            #expect(result.exit == .exited(code: 1))
            #expect(result.errorText.contains("line 2: invalid match"))
            #expect(result.errorText.contains("line 3: invalid metric name"))
        }
    }

    @Test func `a mapping file that is missing and a wrong flag end the program at once`() async throws {
        let missing = try await run(Self.quiet + ["--statsd.mapping-config=/nonexistent/mapping.yaml"])
        #expect(missing.exit == .exited(code: 1))
        #expect(missing.errorText.contains("/nonexistent/mapping.yaml"))
        #expect(try await !run(["--statsd.listen-udp=nonsense"]).isSuccess)
        #expect(try await run(["--version"]).outputText.hasPrefix("statsd_exporter, version "))
    }

    /// Asks again until it is so; records an issue when it is not in time.
    private func until(_ holds: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("it did not come true in time")
    }

    private func run(_ arguments: [String]) async throws -> CommandResult {
        let command = Command(
            try BuiltProgram.path("statsd-exporter"),
            arguments,
            environment: [:],
            timeout: .seconds(60)
        )
        return try await CommandRunner(reaper: try ProcessReaper()).run(command)
    }

    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "mapping-\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await body(file.path)
    }
}
