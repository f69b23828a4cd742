// SPDX-License-Identifier: Apache-2.0

import CharmTesting
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing
import UnitAgent

@testable import CharmKit

/// The same script of hook-tool calls under the test kit's agent and under the real one must say the same: a fake that
/// answers otherwise would prove charms right that are wrong.
@Suite struct ToolParityTests {
    /// What one call said; the failure by its kind, as the wording is each agent's own.
    private struct Answer: Equatable, CustomStringConvertible {
        let call: String
        let code: String
        let output: String
        let failure: HookToolError.Kind?

        var description: String { "\(call) -> \(code) \(failure.map { "\($0)" } ?? "") \(output)" }
    }

    /// Calls that need no answer of another; `DB` and `PEERS` stand for the ids of relations, `PW` for a secret's.
    private static let calls = """
        config-get --format=json
        config-get greeting --format=json
        config-get --format=json no-such-option
        is-leader --format=json
        relation-ids database --format=json
        relation-ids no-such-endpoint --format=json
        relation-list --format=json -r DB
        relation-list --format=json -r DB --app
        relation-list --format=json -r PEERS
        relation-list --format=json -r database:999
        relation-get --format=json -r DB --app - pg
        relation-get --format=json -r DB endpoints --app pg
        relation-get --format=json -r DB - pg/0
        relation-get --format=json -r DB no-such-key pg/0
        relation-get --format=json -r database:999 - pg/0
        relation-set -r DB --app own=value other=x
        relation-get --format=json -r DB --app - hello
        relation-set -r DB --app other=
        relation-get --format=json -r DB --app - hello
        relation-set -r DB mine=1
        relation-get --format=json -r DB mine hello/0
        relation-get --format=json -r PEERS --app - hello
        relation-set -r database:999 a=b
        state-get --format=json
        state-set one=1 two=2
        state-get --format=json
        state-delete one
        state-get --format=json
        state-get --format=json one
        opened-ports --format=json
        open-port 8080/tcp
        open-port 8080/tcp
        open-port 90-95/udp
        opened-ports --format=json
        close-port 8080/tcp
        opened-ports --format=json
        status-set --application=False maintenance -- working
        status-set --application=True active -- serving
        status-set nonsense -- text
        application-version-set -- 1.2.3
        juju-log --log-level INFO -- hello
        action-get --format=json
        action-set a=1 b.c=2
        action-log -- step
        secret-get --format=json secret:00000000000000000000
        secret-get --format=json --label no-such-label
        secret-get --format=json PW
        secret-get --format=json PW --label pw
        secret-get --format=json --label pw --refresh
        secret-get --format=json --label pw --peek
        secret-set PW password=new
        secret-get --format=json PW --peek
        secret-set secret:00000000000000000000 password=new
        secret-grant --relation DB PW
        secret-revoke --relation DB PW
        secret-remove secret:00000000000000000000
        resource-get no-such-resource
        storage-list --format=json
        storage-get --format=json -s data/9
        storage-add no-such-storage
        config-get --format=json --all
        goal-state --format=json
        status-get --format=json --include-data
        status-get --format=json --include-data --application=true
        status-get --format=json
        unit-get private-address --format=json
        unit-get public-address --format=json
        unit-get no-such-address --format=json
        network-get --format=json database
        network-get --format=json no-such-binding
        relation-model-get --format=json -r DB
        relation-model-get --format=json -r database:999
        credential-get --format=json
        juju-reboot
        juju-reboot --now
        leader-get --format=json
        leader-set a=1 b=2
        leader-set b=
        leader-get --format=json
        leader-get --format=json a
        open-port 92-93/udp
        open-port icmp
        open-port nonsense
        close-port 7/tcp
        opened-ports --format=json
        secret-add key=value --label own --description what --rotate monthly --expire 2035-01-01T00:00:00Z
        secret-add key=value --label own
        secret-add
        secret-add K=v
        secret-add key=value --owner nobody
        secret-info-get --format=json --label own
        secret-info-get --format=json secret:00000000000000000000
        secret-get --format=json --label own
        secret-get --format=json PW --peek --refresh
        secret-info-get --format=json PW
        secret-grant --relation DB PW
        secret-info-get --format=json PW
        secret-grant --relation database:999 PW
        secret-set PW --description other --rotate daily
        secret-info-get --format=json PW
        secret-set PW --label own
        secret-set PW --rotate sometimes
        secret-remove PW --revision 9
        secret-revoke --relation DB PW
        secret-info-get --format=json PW
        secret-ids --format=json
        secret-remove PW
        secret-get --format=json PW
        secret-ids --format=json
        relation-set -r DB --file /nonexistent
        relation-list -r nonsense --format=json
        relation-list --format=json
        action-set stdout=x
        action-set Bad=x
        action-set nonsense
        action-log
        action-fail -- no
        status-set
        config-get --no-such-flag
        state-get --format=json --strict no-such-key
        is-leader --format=json extra
        """

    private static let script = """
        #!/bin/sh
        [ "$JUJU_DISPATCH_PATH" = actions/probe ] || exit 0
        db=$(relation-ids database --format=json | tr -d '[]"')
        peers=$(relation-ids friends --format=json | tr -d '[]"')
        pw=$(secret-add password=old --owner application)
        n=1000
        while read -r line; do
            line=$(echo "$line" | sed "s/DB/$db/; s/PEERS/$peers/; s/PW/$pw/")
            set -- $line
            "$@" > "$PROBE_DIR/$n.out" 2> "$PROBE_DIR/$n.err" < /dev/null
            echo $? > "$PROBE_DIR/$n.code"
            n=$((n + 1))
        done < "$PROBE_DIR/calls"
        """

    @Test func `the test kit's agent and the real one answer the same calls alike`() async throws {
        let directory = try ToolsDirectory()
        let probe = directory.path + "-probe"
        try FileManager.default.createDirectory(atPath: "\(probe)/charm", withIntermediateDirectories: true)
        // Only ever what was made here, under a name mkdtemp chose.
        defer { try? FileManager.default.removeItem(atPath: probe) }
        try await writeScript(Self.script, to: "\(probe)/charm/dispatch")
        for name in ["metadata.yaml", "config.yaml"] {
            try write(try CharmSource.text(name), to: "\(probe)/charm/\(name)")
        }
        try write("probe: {params: {name: {type: string, default: Ada}}}\n", to: "\(probe)/charm/actions.yaml")
        try write(Self.calls + "\n", to: "\(probe)/calls")

        let (real, relations, model) = try await underRealAgent(probe)
        let fake = try await underTestKit(probe, directory, relations, model)
        let count = Self.calls.split(separator: "\n").count
        #expect(real.count == count)
        #expect(fake.count == count)
        for (fake, real) in zip(fake, real) { #expect(fake == real) }
    }

    private func underRealAgent(_ probe: String) async throws -> ([Answer], [RelationData], String) {
        var configuration = AgentConfiguration(
            agentDirectory: "\(probe)/agent",
            charmDirectory: "\(probe)/charm",
            toolsDirectory: "\(probe)/tools",
            containersDirectory: "\(probe)/containers",
            application: "hello"
        )
        configuration.hookToolExecutable = "\(productsDirectory)/hook-tool"
        configuration.environment["PROBE_DIR"] = probe
        let client = AgentControlClient(socketPath: configuration.controlSocketPath)
        let agent = UnitAgent(configuration: configuration)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await eventually("the agent answers") { (try? client.status()) != nil }
            let remote = RemoteApplication(name: "pg", databag: ["endpoints": "db:5432"], units: [0: ["u": "0"]])
            try client.integrate(endpoint: "database", with: remote)
            try await eventually("the relation is joined") {
                try client.relations().contains { $0.relation.endpoint == "database" && $0.relation.state == "joined" }
                    && client.status().unit.agent.status == "idle"
            }
            let relations = try client.relations()
            let task = try client.enqueue(action: "probe")
            try await eventually("the probe has ended") { try client.action(task.id).isFinished }
            return (try self.answers(probe), relations, try client.status().model.uuid)
        }
    }

    private func underTestKit(
        _ probe: String,
        _ directory: ToolsDirectory,
        _ relations: [RelationData],
        _ model: String
    ) async throws -> [Answer] {
        var world = World(
            unit: UnitName(application: "hello", number: 0),
            config: ["greeting": "hello", "port": 8080],
            isLeader: true
        )
        world.actionParameters = ["name": "Ada"]
        world.model.uuid = model
        world.addresses = [.privateAddress: "127.0.0.1", .publicAddress: "127.0.0.1"]
        world.networks["database"] = NetworkInfo(
            bindAddresses: [.init(interface: "lo", value: "127.0.0.1", cidr: "127.0.0.1/32")],
            ingressAddresses: ["127.0.0.1"],
            egressSubnets: ["127.0.0.1/32"]
        )
        world.environment["PROBE_DIR"] = probe
        for data in relations {
            let own = data.databags["hello/0"] ?? [:]
            if data.relation.peer {
                let peer = data.relation
                world.relations.append(
                    RelationState(peer: peer.endpoint, id: peer.id, application: "hello", ownUnitData: own)
                )
            } else {
                world.relations.append(
                    RelationState(
                        data.relation.endpoint,
                        id: data.relation.id,
                        remoteApplication: data.relation.remoteApplication,
                        remoteApplicationData: data.databags["pg"] ?? [:],
                        remoteUnitsData: [0: data.databags["pg/0"] ?? [:]],
                        ownUnitData: own
                    )
                )
            }
        }
        let event = HookEvent.action(ActionEvent(name: "probe", id: "1"))
        let server = try FakeAgentServer(
            world: world,
            event: event,
            path: directory.socket,
            declaration: try CharmDeclaration(charmDirectory: "\(probe)/charm")
        )
        let variables = server.variables(path: "\(directory.path):/usr/bin:/bin", native: false)
        let command = Command("\(probe)/charm/dispatch", environment: variables, directory: "\(probe)/charm")
        let result = try await CommandRunner(reaper: ProcessReaper()).run(command)
        #expect(result.isSuccess, "\(result.errorText)")
        _ = server.end(exitCode: 0)
        return try answers(probe)
    }

    /// Reads what the calls said, and removes it.
    private func answers(_ probe: String) throws -> [Answer] {
        try Self.calls.split(separator: "\n").enumerated().map { index, line in
            func take(_ kind: String) throws -> String {
                let path = "\(probe)/\(1000 + index).\(kind)"
                defer { unlink(path) }
                let data = try #require(FileManager.default.contents(atPath: path), "\(line) left no \(kind)")
                return String(decoding: data, as: UTF8.self)
            }
            let (code, output, error) = (try take("code"), try take("out"), try take("err"))
            let name = line.split(separator: " ").first.map(String.init) ?? ""
            let tool = try #require(ToolName(rawValue: name))
            let reply = ToolReply(exitCode: 1, standardError: Array(error.utf8))
            return Answer(
                call: String(line),
                code: code.filter { !$0.isWhitespace },
                output: Self.normalized(output),
                failure: code == "0\n" ? nil : HookToolError(tool: tool, subject: "", reply: reply).kind
            )
        }
    }

    /// Without ids and times, which no two agents have alike.
    private static func normalized(_ output: String) -> String {
        output.replacing(/"since":"[^"]*"/, with: "since")
            .replacing(/,"rotates":"[^"]*"/, with: "")
            .replacing(/[0-9a-z]{20}/, with: "ID")
    }

    private func write(_ text: String, to path: String) throws {
        try #require(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
    }

    private func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !condition() {
            try #require(ContinuousClock.now < deadline, "timed out: \(what)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
