// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import OneMachine

/// A second installation, on servers of somebody else; the first one is down meanwhile.
extension EndToEndTests {
    func useServersOfOthers(_ journey: Journey) throws {
        let servers = try ExternalServers(scratch: journey.machine.scratch)
        let machine = try secondMachine(beside: journey.machine)
        // However this ends: it holds the ports the first installation needs again.
        defer { _ = try? machine.attempt(["destroy", "--yes"]) }
        let cacheFile = journey.machine.scratch + "/cache-address"
        try FileStore.write(servers.redisAddress(servers.cachePort) + "\n", to: cacheFile, mode: 0o600)
        journey.note(
            try machine.run(
                [
                    "up", "--database-uri-file", "-", "--redis-cache-file", cacheFile, "--redis-broker",
                    servers.redisAddress(servers.brokerPort),
                ],
                input: servers.databaseAddress + "\n"
            )
        )
        try machine.settle()
        let page = try Browser(jar: journey.machine.scratch + "/second").get("/bootstrap")
        try ensure(page.status == 200, "the page of the first administrator answers with \(page.status)")
        let own = machine.processes().filter { entry in
            ["postgres", "redis-server"].contains { entry.arguments.first?.hasSuffix("/" + $0) ?? false }
        }
        try ensure(own.isEmpty, "private servers run: \(own.map(\.commandLine))")
        try lookAtServersOfOthers(journey, machine)
        try machine.run(["destroy", "--yes"])
        try ensure(machine.processes().isEmpty, "\(machine.processes().map(\.commandLine)) are left")
        let users = try servers.query("SELECT count(*) FROM users.users WHERE is_system")
        try ensure(users == "1\n", "the external database holds \(users) system users")
        try ensure(try servers.keys(servers.cachePort) > 0, "the external cache is empty")
    }

    /// What the operator shows of them: where they are, and no password anywhere.
    private func lookAtServersOfOthers(_ journey: Journey, _ machine: Machine) throws {
        let status = try machine.run(["status"])
        journey.note(status)
        for relation in ["indico:database", "indico:redis-cache", "indico:redis-broker"] {
            try ensure(status.contains(relation), "status says nothing of \(relation)")
        }
        try ensure(!status.contains("redis-broker  enabled"), "status shows a private server")
        // Up again, without a word about them, still uses them.
        journey.note(try machine.run(["up"]))
        for process in machine.processes() {
            for secret in [ExternalServers.password, ServerURL.encoded(ExternalServers.password)] {
                try ensure(!process.commandLine.contains(secret), "a password is in the arguments of \(process.pid)")
            }
        }
    }

    /// Another state directory with the first one's Python environment, which takes longest to make.
    private func secondMachine(beside first: Machine) throws -> Machine {
        let state = try StateDirectory(path: first.scratch + "/second-state")
        try StateClaim.claim(state)
        try FileStore.makeDirectory(state.root + "/opt", mode: 0o755)
        try FileStore.link(state.pythonEnvironment, to: first.state.pythonEnvironment)
        return Machine(state: state, results: first.results, scratch: first.scratch, programs: first.programs)
    }
}
