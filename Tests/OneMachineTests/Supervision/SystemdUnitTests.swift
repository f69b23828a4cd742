// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct SystemdUnitTests {
    @Test func `the system's unit runs the supervisor and leaves restarts to systemd`() throws {
        let unit = try SystemdUnit.chosen(
            state: StateDirectory(path: "/var/lib/indico-operator"),
            userID: 0,
            environment: [:]
        )
        #expect(unit.path == "/etc/systemd/system/indico-operator.service")
        let lines = unit.text.split(separator: "\n")
        #expect(lines.contains("ExecStart=/var/lib/indico-operator/bin/pebble run --create-dirs"))
        let stops = lines.filter { $0.hasPrefix("ExecStop=-/var/lib/indico-operator/bin/pebble stop ") }
        #expect(stops.map { $0.split(separator: " ").dropFirst(2).map(String.init) } == LocalPlan.stopOrder)
        #expect(lines.contains("Environment=PEBBLE=/var/lib/indico-operator/pebble/local"))
        #expect(lines.contains("Environment=INDICO_OPERATOR_KEPT_BY=systemd"))
        #expect(lines.contains("Restart=always"))
        #expect(lines.contains("KillMode=mixed"))
        #expect(lines.contains("WantedBy=multi-user.target"))
        #expect(SupervisorWatch.reaction(environment: ["INDICO_OPERATOR_KEPT_BY": "systemd"]) == .leaveToKeeper)
        #expect(SupervisorWatch.reaction(environment: [:]) == .startAnother)
    }

    @Test func `the unit of the Debian package is the one enable writes`() throws {
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
        let packaged = try #require(try FileStore.text(root + "/packaging/debian/indico-operator.service"))
        let written = try SystemdUnit.chosen(
            state: StateDirectory(path: "/var/lib/indico-operator"),
            userID: 0,
            environment: [:]
        ).text
        // The package has a file of settings and a manual page, and may be there before there is anything to start.
        let ofThePackage = ["ConditionPathExists=", "EnvironmentFile=", "Documentation=", "#"]
        func lines(_ text: String) -> [Substring] {
            text.split(separator: "\n").filter { line in !ofThePackage.contains { line.hasPrefix($0) } }
        }
        #expect(lines(packaged) == lines(written))
    }

    @Test func `a user's unit is the user's own`() throws {
        let unit = try SystemdUnit.chosen(
            state: StateDirectory(path: "/home/a/.local/state/indico-operator"),
            userID: 1000,
            environment: ["HOME": "/home/a"]
        )
        #expect(unit.path == "/home/a/.config/systemd/user/indico-operator.service")
        #expect(unit.text.contains("WantedBy=default.target\n"))
    }

    @Test func `another installation's unit does not count as ours`() throws {
        let scratch = try Scratch()
        let ours = SystemdUnit(state: try scratch.state, isSystemWide: false, directory: scratch.path)
        #expect(!ours.isEnabled)
        let other = SystemdUnit(
            state: try StateDirectory(path: "/srv/other"),
            isSystemWide: false,
            directory: scratch.path
        )
        try FileStore.write(other.text, to: other.path, mode: 0o644)
        #expect(other.isEnabled)
        #expect(!ours.isEnabled)
    }
}
