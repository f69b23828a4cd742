// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine

/// The real Prometheus on the real installation, with the jobs and rules the charm publishes.
extension EndToEndTests {
    private func observe(_ machine: Machine, _ words: [String]) throws -> String {
        let source = #filePath
        let root = source.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
        guard let ports = try Settings.read(from: machine.state).observability else {
            throw Failure("no port of Prometheus is kept")
        }
        let outcome = try SetupCommand(
            root + "/scripts/observe.py",
            ["http://127.0.0.1:\(ports.prometheus)"] + words
        ).run()
        try ensure(outcome.succeeded, outcome.lastLines.joined(separator: "\n"))
        return outcome.standardOutput
    }

    /// Every panel of every dashboard returns data while people use Indico, and so does every recording.
    func watchWithPrometheus(_ journey: Journey) throws {
        func masters() -> Set<ProcessEntry> {
            let names = ["indico uWSGI master", "nginx: master process", "redis-server"]
            return Set(
                journey.machine.processes().filter { entry in names.contains { entry.commandLine.hasPrefix($0) } }
            )
        }
        let before = masters()
        try journey.machine.run(["up", "--observability"])
        try ensure(masters() == before, "up --observability restarted something: \(before) became \(masters())")
        let load = try SteadyLoad(
            paths: ["/", "/contact", "/category/0/", "/login/", "/event/1/", "/ping"],
            interval: .milliseconds(250)
        )
        defer { _ = try? load.stop() }
        journey.note(try observe(journey.machine, ["--wait", "100"]))
        if let picture = EndToEnd.environment["INDICO_E2E_PICTURE"] {
            journey.note(try observe(journey.machine, ["--picture", picture]))
        }
    }

    /// nginx is killed whenever it comes back, until its alert fires after the rule's own minute.
    func raiseAlert(_ journey: Journey) throws {
        let machine = journey.machine
        let isDone = KillSwitch()
        try startThread(named: "killer") {
            while !isDone.isSet {
                let nginx = machine.processes().first { $0.commandLine.hasPrefix("nginx: master process") }
                if let nginx { _ = ProcessTable.signal(nginx.pid, .kill) }
                usleep(300_000)
            }
            isDone.hasEnded()
        }
        defer {
            isDone.set()
            _ = try? eventually("the killer's end", within: .seconds(10)) { isDone.isOver ? true : nil }
        }
        journey.note(try observe(machine, ["--fires", "IndicoUnreachable", "--wait", "150"]))
        isDone.set()
        try machine.settle()
    }
}
