// SPDX-License-Identifier: Apache-2.0
import Glibc
import HookProtocol
import LinuxSupport
import Synchronization
import Testing

@testable import UnitAgent

@Suite struct ControlTests {
    @Test func `config lists every option with its value and where it comes from`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try client.setConfig(["loud": "yes", "greeting": "moin"])
            let options = try client.config()
            #expect(options.map(\.name) == ["count", "greeting", "loud"])
            #expect(options.map(\.source) == [.default, .user, .user])
            #expect(options.map(\.value) == [.int(3), .string("moin"), .boolean(true)])
            #expect(options[1].defaultValue == .string("hello"))
            try client.resetConfig(["loud", "greeting"])
            #expect(try client.config().map(\.source) == [.default, .default, .unset])
        }
    }

    @Test func `of several options all are set or none`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            let wrong = #expect(throws: ControlFailure.self) {
                try client.setConfig(["greeting": "moin", "count": "many"])
            }
            #expect(wrong?.code == .invalid)
            #expect(wrong?.message == "option count takes a whole number, not \"many\"")
            let unknown = #expect(throws: ControlFailure.self) {
                try client.setConfig(["greeting": "moin", "colour": "red"])
            }
            #expect(unknown?.code == .notFound)
            let sources = try client.config().map(\.source)
            #expect(sources == [.default, .default, .unset])
        }
    }

    @Test func `relations that cannot be are refused`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            let code = { (body: () throws -> Void) -> ControlFailure.Code? in
                #expect(throws: ControlFailure.self) { try body() }?.code
            }
            let one = RemoteApplication(name: "one")
            #expect(code { try client.integrate(endpoint: "nope", with: one) } == .notFound)
            #expect(code { try client.integrate(endpoint: "friends", with: one) } == .invalid)
            #expect(code { try client.integrate(endpoint: "db", with: RemoteApplication(name: "tiny")) } == .invalid)
            let dangling = RemoteApplication(name: "one", databag: ["user": .secret("nope")])
            #expect(code { try client.integrate(endpoint: "db", with: dangling) } == .invalid)
            #expect(try client.relations().count == 1, "a refused relation leaves nothing behind")
            try client.integrate(endpoint: "db", with: one)
            #expect(code { try client.integrate(endpoint: "db", with: RemoteApplication(name: "two")) } == .conflict)
            #expect(code { try client.removeRelation(endpoint: "cache") } == .notFound)
            try client.integrate(endpoint: "cache", with: one)
            try client.integrate(endpoint: "cache", with: RemoteApplication(name: "two"))
            #expect(code { try client.removeRelation(endpoint: "cache") } == .conflict)
            try client.removeRelation(endpoint: "cache", application: "two")
            try await eventually("two is gone") {
                try client.relations().map(\.relation.remoteApplication).contains("two") == false
            }
        }
    }

    @Test func `the debug log can be tailed and followed`() async throws {
        let unit = try TestUnit(hooks: [
            "hooks/config-changed": "juju-log \"count $(config-get count)\"; echo printed; echo shouted >&2"
        ])
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            var lines: [String] = []
            try client.debugLog(lines: 100) { line in
                lines.append(line)
                return true
            }
            let texts = lines.map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
            for expected in [
                "INFO unit.tiny/0.juju-log count 3", "DEBUG unit.tiny/0.config-changed printed",
                "WARNING unit.tiny/0.config-changed shouted",
            ] { #expect(texts.contains(expected)) }

            let followed = Mutex<[String]>([])
            try startThread(named: "follow") {
                try? client.debugLog(lines: 0, follow: true) { line in
                    followed.withLock { $0.append(line) }
                    return !line.hasSuffix("count 5")
                }
            }
            try client.setConfig(["count": "4"])
            try await unit.expectLast(["start", "config-changed"])
            try await unit.settle()
            try client.setConfig(["count": "5"])
            try await eventually("the end is seen") { followed.withLock { $0.last?.hasSuffix("count 5") } == true }
        }
    }

    @Test func `what is not a request is answered, and the next one too`() async throws {
        let unit = try TestUnit()
        try await unit.run { _ in
            var connection = try LocalConnection.connect(to: unit.configuration.controlSocketPath)
            try connection.write(Array("{\"dance\":{}}\nnot json\n".utf8))
            for _ in 0..<2 {
                guard case .failed(let failure) = try connection.receive(ControlReply.self) else {
                    Issue.record("not refused")
                    return
                }
                #expect(failure.code == .invalid)
            }
            try connection.send(ControlRequest.status)
            guard case .status = try connection.receive(ControlReply.self) else {
                Issue.record("no status")
                return
            }
        }
    }

    @Test func `the sockets and the model are the owner's alone`() async throws {
        let unit = try TestUnit()
        try await unit.run { _ in
            let configuration = unit.configuration
            for path in [
                configuration.controlSocketPath, configuration.hookSocketPath, configuration.databasePath,
                configuration.databasePath + "-wal", configuration.debugLogPath,
            ] {
                var status = stat()
                #expect(stat(path, &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600, "\(path)")
            }
        }
    }

    @Test func `hook tools of a dispatch share one connection, and none outlives the dispatch`() async throws {
        let script = "printf '%s' \"$JUJU_CONTEXT_ID $JUJU_HOOK_TOOLS_NATIVE\" > $TEST_DIR/context; exec sleep 600"
        let unit = try TestUnit(hooks: ["actions/slow": script])
        try await unit.run { client in
            let task = try client.enqueue(action: "slow")
            try await eventually("the action runs") { unit.directory.read("context").hasSuffix(" 1") }
            let contextID = String(unit.directory.read("context").dropLast(2))
            let connection = try AgentConnection(address: unit.configuration.hookSocketPath)
            let call = { (arguments: [String]) in
                try connection.send(
                    ToolRequest(
                        contextID: contextID,
                        workingDirectory: "/",
                        tool: arguments[0],
                        arguments: Array(arguments.dropFirst())
                    )
                )
            }
            #expect(try call(["config-get", "greeting"]).output == "hello\n")
            #expect(try call(["relation-get", "-r", "9"]).exitCode == 2)
            #expect(try call(["is-leader"]).output == "True\n")
            try client.cancelAction(task.id)
            try await eventually("it has ended") { try client.action(task.id).isFinished }
            #expect(try call(["is-leader"]).exitCode == 1)
        }
    }

    @Test func `an agent that does not run is named as unreachable`() throws {
        let failure = #expect(throws: ControlFailure.self) {
            try AgentControlClient(socketPath: "/nonexistent/control.sock").status()
        }
        #expect(failure?.code == .unreachable)
    }

    @Test func `parameters of a finished action are forgotten`() async throws {
        let unit = try TestUnit()
        try await unit.run { _ in
            _ = try await unit.run(action: "greet", parameters: ["whom": "secret-word"])
            // Looked at while the agent runs: an orderly end would empty the write-ahead log by itself.
            try await unit.settle()
            #expect(!unit.directory.read("agent/model.sqlite-wal").contains("secret-word"))
        }
        for file in ["agent/model.sqlite", "agent/model.sqlite-wal", "agent/debug.log"] {
            #expect(!unit.directory.read(file).contains("secret-word"))
        }
    }

    @Test func `an operator's own secret is readable until it is removed, and then nowhere`() async throws {
        let script =
            "secret-get $(action-get whom) --format=json > $TEST_DIR/read; secret-ids --format=json >> $TEST_DIR/read"
        let unit = try TestUnit(hooks: ["actions/greet": script])
        try await unit.run { client in
            let uri = try client.addSecret(["password": "secret-word"])
            #expect(try await unit.run(action: "greet", parameters: ["whom": uri]).result.status == "completed")
            #expect(unit.directory.read("read") == #"{"password":"secret-word"}"# + "\n[]\n")
            try client.removeSecret(uri)
            _ = try await unit.run(action: "greet", parameters: ["whom": uri])
            #expect(unit.directory.read("read") == "[]\n")
            for file in ["agent/model.sqlite", "agent/model.sqlite-wal", "agent/debug.log"] {
                #expect(!unit.directory.read(file).contains("secret-word"))
            }
            let failure = #expect(throws: ControlFailure.self) { try client.removeSecret(uri) }
            #expect(failure?.code == .notFound)
        }
    }
}
