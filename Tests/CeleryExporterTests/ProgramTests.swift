// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import MetricsServer
import ProgramTesting
import Testing

@testable import CeleryExporter

@Suite struct ProgramTests {
    @Test func `the program takes its options from the environment and ends in order on SIGTERM`() async throws {
        let environment = [
            "CE_BROKER_URL": "redis://:secret@127.0.0.1:1/0", "CE_PORT": "0", "CE_HOST": "127.0.0.1",
            "CE_RETRY_INTERVAL": "3600",
        ]
        try await BuiltProgram.running("celery-exporter", [], environment: environment) { program in
            let port = try #require(try await program.number(after: "port"), "\(program.words)")
            let health = try await ScrapeClient(port: port).fetch("/health")
            #expect(health.status == 500)
            #expect(health.body.contains("redis://:**@127.0.0.1:1/0"))
            #expect(try await ScrapeClient(port: port).fetch("/-/healthy").status == 200)
            program.child.send(.terminate)
            #expect(await program.child.exit() == .exited(code: 0))
            #expect(!program.words.contains("secret"))
        }
    }

    @Test func `a broker that is not there ends the program, which says so without the password`() async throws {
        let result = try await run(["--broker-url=redis://:secret@127.0.0.1:1/0", "--host=127.0.0.1", "--port=0"])
        #expect(result.exit == .exited(code: 1))
        #expect(result.errorText.contains("cannot connect to broker redis://:**@127.0.0.1:1/0"))
        #expect(!result.errorText.contains("secret"))
    }

    private func run(_ arguments: [String]) async throws -> CommandResult {
        let path = try BuiltProgram.path("celery-exporter")
        let command = Command(path, arguments, environment: [:], timeout: .seconds(60))
        return try await CommandRunner(reaper: try ProcessReaper()).run(command)
    }
}
