// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import Testing

@testable import UnitAgent

@Suite struct HookToolTests {
    @Test func `every tool the protocol names is there`() {
        #expect(Set(HookTools.all.map { $0.name }) == Set(ToolName.allCases))
    }

    @Test(arguments: [
        ("config-get --format=json", #"{"count":3,"greeting":"hello"}"# + "\n"),
        ("config-get --all --format=json", #"{"count":3,"greeting":"hello","loud":null}"# + "\n"),
        ("config-get greeting", "hello\n"), ("config-get nope --format=json", "null\n"),
        ("is-leader --format=json", "true\n"), ("is-leader", "True\n"),
        ("relation-ids db --format=json", #"["db:2"]"# + "\n"), ("relation-ids nope --format=json", "[]\n"),
        ("relation-list -r db:2 --format=json", #"["postgres/0"]"# + "\n"),
        ("relation-list -r=2 --app --format=json", "\"postgres\"\n"),
        ("relation-list -r friends:1 --format=json", "[]\n"),
        ("relation-get -r db:2 - postgres/0 --format=json", #"{"host":"a"}"# + "\n"),
        ("relation-get -r db:2 host postgres/0", "a\n"),
        ("relation-get --format=json -r db:2 --app - postgres", #"{"version":"15"}"# + "\n"),
        ("relation-get --format=json -r db:2 --app version postgres/0", "\"15\"\n"),
        ("relation-get --format=json -r db:2 nope postgres/0", "null\n"),
        ("relation-model-get -r db:2 --format=json", #"{"uuid":"00000000-0000-4000-8000-000000000000"}"# + "\n"),
        ("network-get db --bind-address", "10.0.0.9\n"), ("unit-get private-address --format=json", "\"10.0.0.9\"\n"),
        ("storage-list --format=json", "[]\n"), ("resource-get image", "/srv/image"),
        ("state-get nope", "\n"), ("secret-ids --format=json", "[]\n"), ("opened-ports --format=json", "[]\n"),
        (
            "status-get --include-data --format=json --application=false",
            #"{"message":"","status":"unknown","status-data":{}}"# + "\n"
        ),
    ])
    func `a tool that reads prints what Juju's prints`(line: String, output: String) throws {
        #expect(try TestTools().output(line) == output)
    }

    @Test(arguments: [
        ("relation-get -r unknown:123 - x/0", 2, "invalid value \"unknown:123\" for option -r: relation not found"),
        ("relation-get -r db:x - x/0", 2, "invalid value \"db:x\" for option -r: invalid relation id"),
        ("relation-list", 2, "no relation id specified"),
        ("relation-get -r db:2 - postgres", 2, "expected unit name, got application name \"postgres\""),
        ("relation-get -r db:2 - mysql/0", 1, "permission denied"),
        ("status-set happy", 2, "invalid status \"happy\", expected one of [maintenance blocked waiting active]"),
        ("network-get nope", 1, "no network config found for binding \"nope\""),
        ("storage-get -s data/9", 2, "invalid value \"data/9\" for option -s: storage not found"),
        ("action-get", 1, "not running an action"),
        ("config-get --format=xml", 2, "invalid value \"xml\" for option --format: unknown format \"xml\""),
        ("secret-get 9m4e2mr0ui3e8a215n4g", 1, "secret \"9m4e2mr0ui3e8a215n4g\" not found"),
        ("secret-get --label nope", 1, "consumer label \"nope\" not found"),
        ("secret-get", 2, "require either a secret URI or label"),
        (
            "secret-add ab=x", 2,
            "key \"ab\" not valid: at least three characters, a lowercase letter first, then lowercase letters, digits and single hyphens"
        ),
        ("state-get nope --strict", 1, "\"nope\" not found"), ("juju-log", 2, "no message specified"),
        ("credential-get", 1, "cannot access cloud credentials: permission denied"),
        ("nonsense", 1, "bad request: unknown command \"nonsense\""),
    ])
    func `a tool that refuses says why in Juju's words`(line: String, code: Int32, message: String) throws {
        let reply = try TestTools().call(line)
        #expect(reply.exitCode == code)
        #expect(reply.errorOutput == "ERROR \(message)\n")
        #expect(reply.output.isEmpty)
    }

    @Test func `a call with another context id is refused`() throws {
        let tools = try TestTools()
        let request = ToolRequest(contextID: "other", workingDirectory: "/", tool: "is-leader", arguments: [])
        #expect(tools.runner.perform(request).exitCode == 1)
        _ = tools.runner.end()
        #expect(tools.call("is-leader").exitCode == 1)
    }

    @Test func `a hook reads what it wrote, and others only what is committed`() throws {
        let tools = try TestTools()
        _ = tools.output("relation-set -r db:2 a=1 b=2")
        _ = tools.output("relation-set -r db:2 --file - a=3", input: "{b: '', c: 'x: y', d: 1.0}")
        #expect(
            tools.output("relation-get -r db:2 - tiny/0 --format=json")
                == #"{"a":"3","c":"x: y","d":"1.0","egress-subnets":"10.0.0.9/32","ingress-address":"10.0.0.9","private-address":"10.0.0.9"}"#
                + "\n"
        )
        #expect(try tools.store.read { try $0.databag(tools.relation, of: "tiny/0")?["a"] } == nil)
        tools.discard()
        #expect(tools.output("relation-get -r db:2 a tiny/0 --format=json") == "null\n")
        _ = tools.output("relation-set -r db:2 --app k=v")
        try tools.commit()
        #expect(tools.output("relation-get -r db:2 --app k tiny") == "v\n")
    }

    @Test func `a status survives a failed hook, ports and state do not`() throws {
        let tools = try TestTools()
        _ = tools.output("status-set --application=False active -- all is well")
        #expect(tools.call("status-set --application=True blocked -- no").exitCode == 0)
        _ = tools.output("open-port 80-90")
        _ = tools.output("state-set k=v")
        #expect(tools.output("opened-ports --format=json") == #"["80-90/tcp"]"# + "\n")
        #expect(tools.output("state-get k") == "v\n")
        #expect(
            tools.call("open-port 85/tcp").errorOutput
                == "ERROR cannot open 85/tcp (unit \"tiny/0\"): port range conflicts with 80-90/tcp (unit \"tiny/0\")\n"
        )
        tools.discard()
        #expect(tools.output("opened-ports --format=json") == "[]\n")
        #expect(tools.output("state-get k") == "\n")
        #expect(try tools.store.read { try $0.status(of: "tiny")?.status } == "blocked")
    }

    @Test func `opening and closing a port in one hook cancel out`() throws {
        let tools = try TestTools()
        _ = tools.output("open-port 8080/tcp")
        _ = tools.output("open-port icmp")
        _ = tools.output("close-port 8080")
        try tools.commit()
        #expect(tools.output("opened-ports --endpoints --format=json") == #"["icmp (*)"]"# + "\n")
    }

    @Test func `a relation hook needs not say which relation and unit`() throws {
        let event = RelationEvent(
            id: RelationID(endpoint: "db", number: 2),
            remoteApplication: "postgres",
            remoteUnit: UnitName(application: "postgres", number: 0)
        )
        let tools = try TestTools(event: .relationChanged(event))
        #expect(tools.output("relation-get host") == "a\n")
        #expect(tools.output("relation-list") == "postgres/0\n")
        #expect(tools.output("relation-ids") == "db:2\n")
        _ = tools.output("juju-log --log-level=WARNING hello there")
        #expect(
            tools.directory.read("debug.log")
                == "unit-tiny-0: 08:00:00 WARNING unit.tiny/0.juju-log db:2: hello there\n"
        )
    }

    @Test func `output goes to a file when asked`() throws {
        let tools = try TestTools()
        #expect(tools.output("config-get greeting -o out.txt") == "")
        #expect(tools.directory.read("out.txt") == "hello\n")
    }

    @Test func `storage is added up to its range`() throws {
        let tools = try TestTools()
        _ = tools.output("storage-add data=2")
        #expect(tools.output("storage-list data --format=json") == #"["data/0","data/1"]"# + "\n")
        #expect(tools.output("storage-get -s data/1 location") == "/storage/data/1\n")
        #expect(tools.call("storage-add data").exitCode == 1)
    }
}

@Suite struct ToolHelpTests {
    @Test func `help tells which storage and relation a hook is about`() throws {
        let storage = StorageEvent(name: "data", index: 1, location: "/x", kind: "filesystem")
        let lines = try TestTools(event: .storageAttached(storage)).output("storage-get --help").split(separator: "\n")
        #expect(lines.contains("-s  (= data/1)"))
        #expect(lines.first == "Usage: storage-get [options] [arguments]")
        let event = RelationEvent(id: RelationID(endpoint: "db", number: 2), remoteApplication: "postgres")
        #expect(try TestTools(event: .relationCreated(event)).output("relation-set -h").contains("(= db:2)"))
    }
}
