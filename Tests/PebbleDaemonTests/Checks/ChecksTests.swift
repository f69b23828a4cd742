// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

@Suite struct ChecksTests {
    @Test func `a check that fails restarts the service that asked for it, and recovers`() async throws {
        let directory = try TestDirectory()
        let flag = directory.file("flag")
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "echo started; exec sleep 1000"
                    on-check-failure: {up: restart}
                    backoff-delay: 100ms
                checks:
                  up:
                    override: replace
                    level: alive
                    period: 50ms
                    threshold: 2
                    startup: disabled
                    exec: {command: test -e \(flag)}
                """,
            directory: directory
        )
        try await daemon.change(.start, ["web"])
        #expect(try await daemon.call { try $0.startChecks(["up"]) } == ["up"])
        try await eventually("the service was not restarted") {
            try await daemon.call { try $0.logs(["web"]) }.count == 2
        }
        #expect(try await daemon.call { try $0.isHealthy() } == false)
        let down = try #require(try await daemon.call { try $0.checks(["up"]) }.first)
        #expect(down.status == .down)
        let failed = try #require(down.previousChangeID)
        let change = try await daemon.call { try $0.change(failed) }
        #expect(change.kind == "perform-check")
        #expect(change.status == .error)
        #expect(change.error?.contains("exit status 1") == true)
        try AtomicFile.write("", to: flag, mode: 0o644)
        try await eventually("the check did not recover") { try await daemon.call { try $0.isHealthy() } }
        #expect(try await daemon.call { try $0.checks(["up"]) }.first?.failures == 0)
        // Once, not at each failure.
        #expect(try await daemon.call { try $0.logs(["web"]) }.count == 2)
        try await daemon.stop()
    }

    @Test func `a command is called by the name it was given, and an address by its number`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                checks:
                  name: {override: replace, startup: disabled, exec: {command: sh -c "echo I am $0; exit 1"}}
                  port: {override: replace, startup: disabled, tcp: {host: "::1", port: 1}}
                """
        )
        let name = try await daemon.call { try $0.refreshCheck("name") }
        #expect(name.error == "exit status 1; I am sh")
        let port = try await daemon.call { try $0.refreshCheck("port") }
        #expect(port.error?.hasPrefix("dial tcp [::1]:1: connect: ") == true)
        try await daemon.stop()
    }

    @Test func `a check may end the daemon`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, command: sleep 1000, on-check-failure: {up: shutdown}}
                checks:
                  up: {override: replace, startup: disabled, period: 50ms, threshold: 1, exec: {command: "false"}}
                """
        )
        // Once it runs: what fails in a service's first second concerns nobody.
        #expect(try await daemon.change(.start, ["web"]).status == .done)
        _ = try await daemon.call { try $0.startChecks(["up"]) }
        #expect(try await daemon.exitCode() == 11)
    }

    @Test func `what takes too long is killed and said to have`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                checks:
                  slow: {override: replace, period: 1h, timeout: 100ms, exec: {command: sleep 1000}}
                """
        )
        let refresh = try await daemon.call { try $0.refreshCheck("slow") }
        #expect(refresh.error == "check timed out after 100ms")
        #expect(refresh.info.failures == 1)
        try await daemon.stop()
    }

    @Test func `web servers and ports are asked`() async throws {
        let server = try await TestDaemon { options in
            options.holds = true
            options.httpAddress = "127.0.0.1:0"
        }
        let address = try #require(try await server.call { try $0.systemInfo() }.httpAddress)
        let port = try #require(address.split(separator: ":").last)
        let daemon = try await TestDaemon(
            layer: """
                checks:
                  page: {override: replace, period: 1h, timeout: 1m, http: {url: "http://\(address)/v1/health"}}
                  missing: {override: replace, period: 1h, timeout: 1m, http: {url: "http://localhost:\(port)/nothing"}}
                  moved: {override: replace, period: 1h, timeout: 1m, http: {url: "http://\(address)//v1/health"}}
                  port: {override: replace, period: 1h, timeout: 1m, tcp: {port: \(port), host: 127.0.0.1}}
                """
        )
        for name in ["page", "moved", "port"] {
            #expect(try await daemon.call { try $0.refreshCheck(name) }.error == nil)
        }
        let missing = try await daemon.call { try $0.refreshCheck("missing") }
        #expect(missing.error?.hasPrefix("non-2xx status code 404; {\"result\":") == true)
        try await server.stop()
        let refused = try await daemon.call { try $0.refreshCheck("port") }
        #expect(refused.error == "dial tcp \(address): connect: connection refused")
        try await daemon.stop()
    }

    @Test func `a changed check begins anew at once`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                checks:
                  up: {override: replace, period: 1h, threshold: 1, exec: {command: "false"}}
                """
        )
        _ = try await daemon.call { try $0.refreshCheck("up") }
        #expect(try await daemon.call { try $0.isHealthy() } == false)
        try await daemon.call {
            try $0.addLayer(label: "fix", yaml: "checks: {up: {override: merge, exec: {command: \"true\"}}}")
        }
        let check = try #require(try await daemon.call { try $0.checks() }.first)
        #expect(check.status == .up)
        #expect(check.failures == 0)
        try await daemon.stop()
    }

    @Test func `aborting the change of a check stops the check`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                checks:
                  up: {override: replace, period: 1h, exec: {command: "true"}}
                """
        )
        let check = try #require(try await daemon.call { try $0.checks() }.first)
        let change = try #require(check.changeID)
        _ = try await daemon.call { try $0.abortChange(change) }
        let ended = try await daemon.call { try $0.waitForChange(change, timeout: .seconds(10)) }
        #expect(ended.ready)
        #expect(try await daemon.call { try $0.checks() }.first?.status == .inactive)
        try await daemon.stop()
    }
}
