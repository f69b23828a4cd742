// SPDX-License-Identifier: Apache-2.0
import OneMachine
import PebbleAPI
import Testing

@testable import OperatorCommands

@Suite struct StatusTableTests {
    private func report(workload: String = "active", message: String = "") -> StatusReport {
        StatusReport(
            model: "local",
            application: .init(
                name: "indico",
                version: "3.2.9",
                charm: "indico",
                charmVersion: "0.1.0",
                status: workload,
                message: message,
                url: "http://127.0.0.1:8080"
            ),
            unit: .init(
                name: "indico/0",
                leader: true,
                workload: workload,
                agent: "idle",
                address: "127.0.0.1",
                ports: ["8080/tcp"],
                message: message
            ),
            relations: [
                .init(
                    id: 1,
                    endpoint: "database",
                    interface: "postgresql_client",
                    application: "postgresql",
                    state: "joined",
                    peer: false
                )
            ],
            containers: [
                .init(
                    name: "indico",
                    reachable: true,
                    services: [
                        .init(name: "celery", startup: "enabled", current: "active", since: "2026-01-01T00:00:00Z")
                    ],
                    checks: [.init(name: "ready", level: "ready", status: "up")]
                ),
                .init(name: "indico-nginx", reachable: false, services: [], checks: []),
            ],
            failedHook: nil,
            time: "2026-01-01T01:02:03Z"
        )
    }

    private func text(_ report: StatusReport, colour: Bool = false) -> [String] {
        let look = StepLook(usesColour: colour, usesUnicode: true, width: 200)
        return StatusTable(report: report, look: look, now: Timestamp(seconds: 1_767_229_323)).lines
    }

    @Test func `the whole of it`() {
        #expect(
            text(report()) == [
                "App     Version  Status  Charm   Rev    Message",
                "indico  3.2.9    active  indico  0.1.0",
                "",
                "Unit       Workload  Agent  Address    Ports     Message",
                "indico/0*  active    idle   127.0.0.1  8080/tcp",
                "",
                "Container     Service      Startup  Current  Since",
                "indico        celery       enabled  active   1h 2m",
                "indico-nginx  unreachable",
                "",
                "Container  Check  Level  Status  Failures",
                "indico     ready  ready  up      0/3",
                "",
                "Relation         Provider    Interface          State",
                "indico:database  postgresql  postgresql_client  joined",
                "",
                "http://127.0.0.1:8080",
            ]
        )
    }

    @Test func `what is broken stands out, and a word in a message does not`() {
        let red = "\u{1B}[31m"
        let blocked = text(report(workload: "blocked", message: "relate database"), colour: true)
        #expect(blocked.contains { $0.hasPrefix(red) && $0.contains("indico/0*") })
        let fine = text(report(message: "nothing is in error any more"), colour: true)
        #expect(!fine.contains { $0.hasPrefix(red) && $0.contains("indico/0*") })
    }

    @Test(arguments: [(5, "5s"), (65, "1m 5s"), (3600, "1h 0m"), (90000, "1d 1h")])
    func `ages have two parts`(seconds: Int, text: String) {
        #expect(StatusTable.age(.seconds(seconds)) == text)
    }

    @Test func `programs get the same as JSON and as YAML`() throws {
        let json = try StructuredOutput.json(report())
        #expect(json.contains("\"url\":\"http://127.0.0.1:8080\""))
        let yaml = try StructuredOutput.yaml(report())
        #expect(yaml.contains("application:\n"))
        #expect(yaml.contains("  workload: "))
    }
}
