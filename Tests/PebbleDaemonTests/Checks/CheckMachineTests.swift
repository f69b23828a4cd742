// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct CheckMachineTests {
    private func started() -> CheckMachine {
        var machine = CheckMachine()
        machine.start()
        return machine
    }

    @Test func `it is up from the start and goes down at the threshold, once`() {
        var machine = started()
        #expect(machine.status == .up)
        #expect(machine.take(failure: "no", threshold: 2) == [.logFailure("no")])
        #expect(machine.status == .up)
        let effects = machine.take(failure: "no", threshold: 2)
        #expect(effects == [.logFailure("no"), .turnOver(ended: .error, next: "recover-check"), .fail])
        #expect(machine.status == .down)
        #expect(machine.take(failure: "no", threshold: 2) == [.logFailure("no")])
        #expect(machine.failures == 3)
    }

    @Test func `one success brings it back, and the next counts as the first`() {
        var machine = started()
        _ = machine.take(failure: "no", threshold: 1)
        #expect(machine.take(failure: nil, threshold: 1) == [.turnOver(ended: .done, next: "perform-check")])
        #expect(machine.status == .up)
        #expect(machine.successes == 1)
        #expect(machine.failures == 0)
        #expect(machine.take(failure: nil, threshold: 1).isEmpty)
        #expect(machine.successes == 1)
        _ = machine.take(failure: nil, threshold: 1)
        #expect(machine.successes == 2)
    }

    @Test func `stopped, it keeps its counts and counts no more`() {
        var machine = started()
        _ = machine.take(failure: nil, threshold: 1)
        machine.stop()
        #expect(machine.take(failure: "no", threshold: 1).isEmpty)
        #expect(machine.status == .inactive)
        #expect(machine.successes == 1)
        machine.start()
        #expect(machine.successes == 0)
    }

    @Test(
        arguments: [
            (nil, ["alive"], true), (nil, ["none"], false), ("alive", ["ready"], true), ("alive", ["alive"], false),
            ("ready", ["alive"], false), ("ready", ["ready"], false), ("ready", ["none"], true),
        ] as [(String?, [String], Bool)]
    )
    func `health counts the checks of its level`(level: String?, down: [String], isHealthy: Bool) {
        let checks = [("alive", CheckLevel.alive), ("ready", .ready), ("none", nil)].map { name, level in
            CheckInfo(name: name, level: level, status: down.contains(name) ? .down : .up)
        }
        let level = level.map { CheckLevel(rawValue: $0) }
        if level == nil, down == ["alive"] {
            #expect(!HealthRules.isHealthy(checks, level: nil, names: []))
            #expect(HealthRules.isHealthy(checks, level: nil, names: ["ready"]))
        } else {
            #expect(HealthRules.isHealthy(checks, level: level, names: []) == isHealthy)
        }
    }

    @Test func `inactive checks say nothing`() {
        #expect(HealthRules.isHealthy([CheckInfo(name: "a", status: .inactive)], level: nil, names: []))
    }

    @Test func `long output is shown in part`() {
        #expect(OutputExcerpt.last(2, of: "1\n2\n3\n") == "(...)\n2\n3")
        #expect(OutputExcerpt.first(2, of: "1\n2\n3\n") == "1\n2\n(...)")
        #expect(OutputExcerpt.last(2, of: "1\n2\n") == "1\n2")
        #expect(OutputExcerpt.last(2, of: "").isEmpty)
    }

    @Test func `addresses to ask are understood`() throws {
        let plain = try WebURL("http://localhost:8080/health?x=1#top")
        #expect(plain.host == "localhost")
        #expect(plain.port == 8080)
        #expect(plain.target == "/health?x=1")
        #expect(try WebURL("http://[::1]:81").host == "::1")
        #expect(try WebURL("http://a").text == "http://a/")
        let secret = try WebURL("https://bob:p%40ss@a:8443/x")
        #expect(secret.credentials == "bob:p@ss")
        #expect(secret.text == "https://a:8443/x")
        #expect(secret.appending("/y").target == "/x/y")
        #expect(throws: ProbeFailure.self) { try WebURL("http://a/b c") }
        #expect(plain.redirected(to: "/other").text == "http://localhost:8080/other")
        #expect(throws: ProbeFailure.self) { try WebURL("ftp://a/") }
        #expect(throws: ProbeFailure.self) { try WebURL("http://a:0/") }
    }
}
