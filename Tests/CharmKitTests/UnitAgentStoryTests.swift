// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing
import UnitAgent

/// The example under the real agent with a real Pebble: what the test kit only claims to be.
@Suite struct UnitAgentStoryTests {
    /// A deployed example: directories, a Pebble for its container, and an agent.
    private final class Deployment: Sendable {
        let path: String
        let configuration: AgentConfiguration
        let client: AgentControlClient
        let reaper: ProcessReaper

        init() throws {
            var template = Array("/tmp/charmkit-story-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let files = FileManager.default
            try files.createDirectory(atPath: "\(path)/containers/web", withIntermediateDirectories: true)
            try files.createDirectory(atPath: "\(path)/root", withIntermediateDirectories: true)
            try files.createDirectory(atPath: "\(path)/charm", withIntermediateDirectories: true)
            for name in ["metadata.yaml", "config.yaml", "actions.yaml"] {
                let content = Data(try CharmSource.text(name).utf8)
                try #require(files.createFile(atPath: "\(path)/charm/\(name)", contents: content))
            }
            try files.createSymbolicLink(
                atPath: "\(path)/charm/dispatch",
                withDestinationPath: "\(productsDirectory)/hello-charm"
            )
            var configuration = AgentConfiguration(
                agentDirectory: "\(path)/agent",
                charmDirectory: "\(path)/charm",
                toolsDirectory: "\(path)/tools",
                containersDirectory: "\(path)/containers",
                application: "hello"
            )
            configuration.hookToolExecutable = "\(productsDirectory)/hook-tool"
            configuration.environment["HELLO_ROOT"] = "\(path)/root"
            configuration.workloadPollInterval = .milliseconds(100)
            self.configuration = configuration
            client = AgentControlClient(socketPath: configuration.controlSocketPath)
            reaper = try ProcessReaper()
        }

        deinit {
            // Only ever below the directory made above.
            guard path.hasPrefix("/tmp/charmkit-story-") else { return }
            try? FileManager.default.removeItem(atPath: path)
        }

        func startPebble() throws -> ChildProcess {
            try reaper.spawn(
                SpawnRequest(
                    executable: "\(productsDirectory)/pebble",
                    arguments: ["pebble", "run", "--create-dirs", "--hold"],
                    environment: [
                        "PATH": "/usr/bin:/bin", "PEBBLE": "\(path)/pebble",
                        "PEBBLE_SOCKET": "\(path)/containers/web/pebble.socket",
                    ]
                )
            )
        }

        func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while try !condition() {
                let log = (try? String(contentsOfFile: configuration.debugLogPath, encoding: .utf8)) ?? "no log"
                try #require(ContinuousClock.now < deadline, "timed out: \(what)\n\(log)")
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        func databag(_ endpoint: String, of name: String) throws -> [String: String] {
            try client.relations().first { $0.relation.endpoint == endpoint }?.databags[name] ?? [:]
        }
    }

    @Test func `the example lives under the real agent with a real pebble, from install to the end of a relation`()
        async throws
    {
        let deployment = try Deployment()
        let agent = UnitAgent(configuration: deployment.configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await self.tell(deployment)
        }
    }

    private func tell(_ deployment: Deployment) async throws {
        let client = deployment.client
        try await deployment.eventually("it has settled, waiting for its container") {
            // Until the agent listens there is no status.
            guard let unit = try? client.status().unit else { return false }
            return try unit.agent.status == "idle" && unit.workload.message == "for the web container"
                && deployment.databag("friends", of: "hello")["key-id"] != nil
        }
        #expect(try client.status().unit.openedPorts == ["8080/tcp"])
        let keyID = try #require(try deployment.databag("friends", of: "hello")["key-id"])
        #expect(Secret.isID(keyID))

        // Asked before the container is there, so the charm defers; the answer comes with the container.
        let database = RemoteApplication(name: "pg", databag: ["endpoints": "db:5432"])
        try client.integrate(endpoint: "database", with: database)
        try await deployment.eventually("the relation is known") {
            guard try client.status().unit.agent.status == "idle" else { return false }
            return try client.relations().contains {
                $0.relation.state == "joined" && $0.relation.endpoint == "database"
            }
        }
        #expect(try deployment.databag("database", of: "hello")["database"] == nil)

        let pebble = try deployment.startPebble()
        defer { pebble.send(.terminate) }
        try await deployment.eventually("it serves") {
            let unit = try client.status().unit
            return unit.agent.status == "idle" && unit.workload.status == "active"
        }
        #expect(try client.status().unit.workload.message == "with a database at db:5432")
        #expect(try deployment.databag("database", of: "hello") == ["database": "hello"])
        #expect(try deployment.databag("friends", of: "hello")["key-id"] == keyID)
        let socket = "\(deployment.path)/containers/web/pebble.socket"
        let web = Container(name: "web", connection: SocketPebbleConnection(container: "web", socket: socket))
        #expect(try web.services()["web"]?.isRunning == true)

        try client.setConfig(["greeting": "good day", "port": "9090"])
        try await deployment.eventually("the port follows") {
            let unit = try client.status().unit
            return unit.agent.status == "idle" && unit.openedPorts == ["9090/tcp"]
        }
        #expect(try web.pullText("\(deployment.path)/root/srv/hello/page") == "good day\n")
        let (result, lines) = try await run(client, "greet", ["name": "Ada"])
        #expect(result.status == "completed")
        #expect(result.results["greeting"] == "good day, Ada")
        #expect(result.results["count"] == "1")
        #expect(lines == ["greeting Ada"])
        let (refused, _) = try await run(client, "greet", ["name": ""])
        #expect(refused.status == "failed")
        #expect(refused.message == "nobody to greet")

        try client.setConfig(["port": "0"])
        try await deployment.eventually("it is blocked") { try client.status().unit.workload.status == "blocked" }
        try client.resetConfig(["port"])
        try client.removeRelation(endpoint: "database")
        try await deployment.eventually("the relation is gone") {
            let status = try client.status().unit
            return try status.workload.status == "active" && status.workload.message.isEmpty
                && !client.relations().contains { $0.relation.endpoint == "database" }
        }
        #expect(try client.status().failedHook == nil)
    }

    /// Runs an action on a thread of its own: a blocked test must not take the agent's threads.
    private func run(
        _ client: AgentControlClient,
        _ action: String,
        _ parameters: [String: String]
    ) async throws -> (ActionResult, [String]) {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread(named: "run-action") {
                    var lines: [String] = []
                    let result = Result { try client.run(action: action, parameters: parameters) { lines.append($0) } }
                    continuation.resume(with: result.map { ($0, lines) })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
