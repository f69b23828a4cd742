// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import OneMachine

/// The installation under test.
struct Machine: Sendable {
    let state: StateDirectory
    /// Where this test keeps its log and times.
    let results: String
    /// A directory of the test's own.
    let scratch: String
    /// The programs as built.
    let programs: String

    /// Reads where `scripts/e2e.sh` made the installation.
    static func fromEnvironment() throws -> Machine {
        let environment = EndToEnd.environment
        guard let state = environment["INDICO_E2E_STATE"], let results = environment["INDICO_E2E_RESULTS"],
            let scratch = environment["INDICO_E2E_SCRATCH"], let programs = environment["INDICO_E2E_PROGRAMS"]
        else { throw Failure("run it by 'make test', which makes the installation and says where it is") }
        return Machine(state: try StateDirectory(path: state), results: results, scratch: scratch, programs: programs)
    }

    /// Runs the command line and demands its success.
    @discardableResult
    func run(_ words: [String], input: String = "") throws -> String {
        let outcome = try attempt(words, input: input)
        try ensure(
            outcome.succeeded,
            "indico-operator \(words.joined(separator: " ")): \(outcome.exit)\n\(outcome.lastLines.joined(separator: "\n"))"
        )
        return outcome.standardOutput
    }

    /// Runs the command line, however it ends.
    func attempt(_ words: [String], input: String = "") throws -> SetupCommand.Outcome {
        var environment = EndToEnd.environment
        environment["INDICO_OPERATOR_STATE_DIR"] = state.path
        return try SetupCommand(
            programs + "/indico-operator",
            words,
            environment: environment,
            input: Array(input.utf8)
        ).run()
    }

    /// What `status --format json` says, as far as the test reads it.
    struct Status: Decodable {
        struct Unit: Decodable {
            var workload: String
            var agent: String
            var message: String
        }
        struct Container: Decodable {
            struct Service: Decodable {
                var name: String
                var startup: String
                var current: String
            }
            struct Check: Decodable {
                var name: String
                var status: String
            }
            var name: String
            var reachable: Bool
            var services: [Service]
            var checks: [Check]
        }
        var unit: Unit
        var containers: [Container]
        var failedHook: String?
    }

    func status() throws -> Status {
        try JSONDecoder().decode(Status.self, from: Data(try run(["status", "--format", "json"]).utf8))
    }

    /// Whether everything is as it should be: Active, nothing to be done, all services up, all checks fine.
    func unrest() throws -> String? {
        let status = try status()
        if status.unit.workload != "active" { return "the unit is \(status.unit.workload): \(status.unit.message)" }
        if status.unit.agent != "idle" { return "the agent is \(status.unit.agent)" }
        if let hook = status.failedHook { return "a hook failed: \(hook)" }
        for container in status.containers {
            if !container.reachable { return "container \(container.name) does not answer" }
            // A Pebble that has just started again runs nothing yet, and the charm has not heard of it.
            if container.services.isEmpty { return "container \(container.name) has no services" }
            for service in container.services where service.startup == "enabled" && service.current != "active" {
                return "service \(service.name) of \(container.name) is \(service.current)"
            }
            for check in container.checks where check.status != "up" { return "check \(check.name) is \(check.status)" }
        }
        return nil
    }

    /// Waits until all is well, for a moment and still a moment later.
    func settle(within limit: Duration = .seconds(400)) throws {
        var last = "nothing is known"
        var calm = 0
        _ = try eventually("calm (\(last))", within: limit) {
            do {
                guard let trouble = try unrest() else {
                    calm += 1
                    return calm >= 3 ? true : nil
                }
                last = trouble
            } catch {
                last = "\(error)"
            }
            calm = 0
            throw Failure(last)
        }
    }

    /// The processes of the installation: those that descend from the supervisor, and any that carry its directory in
    /// their command line or environment.
    func processes() -> [ProcessEntry] {
        let supervisor = LocalSupervisor(state: state).process()
        var found = Set(supervisor.map { [$0] + ProcessTable.descendants(of: $0).map(\.pid) } ?? [])
        for process in ProcessTable.all() where !process.isZombie && process.pid != .current {
            if belongs(process.pid) { found.insert(process.pid) }
        }
        return found.sorted { $0.rawValue < $1.rawValue }.map { ProcessEntry(pid: $0) }
    }

    /// The charm, while a hook runs.
    func charm() -> ProcessEntry? {
        processes().first { $0.arguments.first?.hasSuffix("/charm/dispatch") ?? false }
    }

    /// Processes of the installation that the supervisor does not know.
    func orphans() -> [ProcessEntry] {
        guard let supervisor = LocalSupervisor(state: state).process() else { return processes() }
        let family = Set([supervisor] + ProcessTable.descendants(of: supervisor).map(\.pid))
        return processes().filter { !family.contains($0.pid) }
    }

    /// Those of ``orphans()`` that are found at each of several looks.
    ///
    /// Checks run all the time: one look may see a process that began, or lost its parent, between two readings of /proc.
    func lastingOrphans() throws -> [ProcessEntry] {
        var left = Set(orphans())
        for _ in 0..<10 where !left.isEmpty {
            usleep(300_000)
            left.formIntersection(orphans())
        }
        return left.sorted { $0.pid.rawValue < $1.pid.rawValue }
    }

    private func belongs(_ pid: ProcessID) -> Bool {
        for file in ["cmdline", "environ"] {
            let text = ((try? FileStore.text("/proc/\(pid)/\(file)")) ?? nil) ?? ""
            // The test and its script carry the directory as well; what the installation runs carries paths below it.
            if text.contains(state.path + "/") && !text.contains("INDICO_E2E=1") { return true }
        }
        // uWSGI and nginx write their titles over both.
        return ["exe", "cwd"].contains { file in
            FileStore.linkTarget("/proc/\(pid)/\(file)")?.hasPrefix(state.path + "/") ?? false
        }
    }
}
