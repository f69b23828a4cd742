// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HookProtocol
import LinuxSupport
import UnitAgent
import YAMLTree

extension RunningUnit {
    /// Runs the Pebbles and the agent until SIGTERM, then ends them in the reverse order.
    func serve(charmDirectory: String) async throws {
        let charm = try Self.absolute(charmDirectory)
        let metadata = try Self.metadata(charm)
        let reaper = try ProcessReaper()
        var pebbles: [ChildProcess] = []
        do {
            for name in metadata.containers { pebbles.append(try startPebble(name, reaper)) }
            var configuration = AgentConfiguration(
                agentDirectory: "\(state)/agent",
                charmDirectory: charm,
                toolsDirectory: "\(state)/tools",
                containersDirectory: "\(state)/containers",
                application: metadata.name
            )
            configuration.hookToolExecutable = try Self.program("hook-tool")
            configuration.workloadPollInterval = .milliseconds(200)
            try await UnitAgent(configuration: configuration).runUntilTerminated()
        } catch {
            await end(pebbles)
            throw error
        }
        await end(pebbles)
    }

    /// Starts a container's Pebble as Juju does: no service runs until the charm says so.
    private func startPebble(_ name: String, _ reaper: ProcessReaper) throws -> ChildProcess {
        let directory = "\(state)/containers/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return try reaper.spawn(
            SpawnRequest(
                executable: try Self.program("pebble"),
                arguments: ["pebble", "run", "--create-dirs", "--hold"],
                environment: [
                    "PATH": ProcessEnvironment.variable("PATH") ?? "/usr/bin:/bin", "PEBBLE": "\(directory)/pebble",
                    "PEBBLE_SOCKET": "\(directory)/pebble.socket",
                ],
                standing: .ownGroup,
                standardOutput: 1,
                standardError: 2
            )
        )
    }

    private func end(_ pebbles: [ChildProcess]) async {
        for pebble in pebbles { pebble.send(.terminate) }
        for pebble in pebbles { _ = await pebble.exit() }
    }

    /// What the runner needs of a charm's metadata.
    private static func metadata(_ charm: String) throws -> (name: String, containers: [String]) {
        guard let content = FileManager.default.contents(atPath: "\(charm)/metadata.yaml") else {
            throw RunnerError("cannot read \(charm)/metadata.yaml")
        }
        let root = try YAMLNode.parse(Array(content))
        guard let name = root?["name"]?.text else { throw RunnerError("\(charm)/metadata.yaml has no name") }
        return (name, (root?["containers"]?.mapping?.pairs ?? []).compactMap(\.key.text))
    }
}
