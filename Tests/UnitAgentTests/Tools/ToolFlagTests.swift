// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import Testing

@testable import UnitAgent

/// Every flag of every hook tool, used once at least: what it changes in the answer or in what is read afterwards.
///
/// A line is a call and what it prints, `=>` between them; `NAME <- call` keeps what a call prints, `$NAME` stands for it;
/// `log ~ text` looks into the debug log; `commit` ends the dispatch well and begins another.
@Suite struct ToolFlagTests {
    static let scripts = [
        """
        config-get --all --format=json => {"count":3,"greeting":"hello","loud":null}
        config-get -a --format=json => {"count":3,"greeting":"hello","loud":null}
        """,
        """
        relation-list -r db:2 --app => postgres
        relation-list --relation db:2 => postgres/0
        relation-get --relation=2 --app --format=json - postgres => {"version":"15"}
        relation-get -r db:2 host postgres/0 => a
        relation-model-get -r db:2 --format=json => {"uuid":"00000000-0000-4000-8000-000000000000"}
        relation-model-get --relation 2 --format=json => {"uuid":"00000000-0000-4000-8000-000000000000"}
        relation-set -r db:2 --app kind=shared =>
        relation-get -r db:2 --app kind tiny => shared
        relation-set --relation db:2 --format json --file values.yaml other=1 =>
        relation-get -r db:2 from tiny/0 => a file
        relation-get -r db:2 other tiny/0 => 1
        """,
        """
        network-get db --bind-address => 10.0.0.9
        network-get db --ingress-address => 10.0.0.9
        network-get db --primary-address => 10.0.0.9
        network-get db --egress-subnets => 10.0.0.9/32
        network-get db -r db:2 --bind-address => 10.0.0.9
        network-get db --relation db:99 => [2] ERROR invalid value "db:99" for option -r: relation not found
        """,
        """
        open-port --endpoints db,cache 80/tcp =>
        opened-ports --endpoints --format=json => ["80/tcp (cache, db)"]
        close-port --endpoints db,cache 80/tcp =>
        open-port --format json 81 =>
        opened-ports --format=json => ["81/tcp"]
        close-port --format json 81 =>
        opened-ports --format=json => []
        """,
        """
        state-get none --strict => [1] ERROR "none" not found
        state-set --file values.yaml =>
        state-get from => a file
        """,
        """
        status-set --application blocked no =>
        status-set --application=False active =>
        status-get --application => blocked
        status-get --application=false --include-data --format=json => {"message":"","status":"active","status-data":{}}
        """,
        """
        juju-log --log-level WARNING one =>
        log ~ WARNING unit.tiny/0.juju-log one
        juju-log -l ERROR two =>
        log ~ ERROR unit.tiny/0.juju-log two
        juju-log --debug --format smart three =>
        log ~ DEBUG unit.tiny/0.juju-log three
        """,
        """
        A <- secret-add --label one --description words --expire 1h --rotate daily --owner unit --file values.yaml
        secret-get $A from => a file
        secret-info-get --label one --format=json ~> "description":"words","expiry":"2027-01-15T09:00:00Z","label":"one","owner":"unit","revision":1
        secret-info-get --label one --format=json ~> "rotation":"daily"
        commit
        secret-set $A --label two --description more --expire 2h --rotate weekly --owner unit --file values.yaml new=1 =>
        commit
        secret-info-get --label one => [1] ERROR secret with label "one" not found
        secret-info-get $A --format=json ~> "description":"more","expiry":"2027-01-15T10:00:00Z","label":"two","owner":"unit","revision":2
        secret-info-get $A --format=json ~> "rotation":"weekly"
        secret-remove $A --revision 1 =>
        secret-remove $A --revision x ~> [2] ERROR
        """,
        """
        secret-get SECRET --label db --peek password => one
        secret-get --label db --refresh --format=json => {"password":"one"}
        secret-get --label db --refresh --peek ~> [2] ERROR
        """,
        """
        B <- secret-add key=value
        secret-grant $B --relation db:2 --unit postgres/0 =>
        secret-info-get $B --format=json ~> "target":"unit-postgres-0"
        secret-revoke $B --relation db:2 --unit postgres/0 =>
        secret-grant -r db:2 $B =>
        secret-info-get $B --format=json ~> "target":"application-postgres"
        secret-revoke -r db:2 --app postgres $B =>
        secret-grant -r db:2 $B =>
        secret-revoke --application postgres $B =>
        secret-info-get $B --format=json ~> "revision":1
        """,
        """
        storage-get -s data/9 => [2] ERROR invalid value "data/9" for option -s: storage not found
        storage-get --storage data/9 => [2] ERROR invalid value "data/9" for option -s: storage not found
        juju-reboot --now ~> [1] ERROR
        """,
    ]

    @Test(arguments: scripts)
    func `each flag does what it says`(script: String) throws {
        let tools = try TestTools()
        try tools.directory.write("from: a file\n", to: "values.yaml")
        var kept = ["SECRET": tools.secretURI]
        for line in script.split(separator: "\n").map(String.init) {
            if line == "commit" {
                try tools.commit()
            } else if let (name, call) = halves(line, " <- ") {
                kept["$\(name)"] = tools.output(call).trimmed
            } else if let (_, text) = halves(line, "log ~ ") {
                #expect(tools.directory.read("debug.log").contains(text), "\(line)")
            } else if let (call, part) = halves(line, " ~> ") {
                let output = tools.output(filled(call, kept))
                #expect(output.contains(part), "\(call) printed \(output)")
            } else if let (call, expected) = halves(line + " ", " => ") {
                #expect(tools.output(filled(call, kept)).trimmed == expected.trimmed, "\(call)")
            } else {
                Issue.record("what is \(line)?")
            }
        }
    }

    @Test func `no flag of any tool is left out`() {
        var used: Set<String> = []
        for line in Self.scripts.flatMap({ $0.split(separator: "\n") }) {
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(where: { ToolName(rawValue: $0) != nil }) else { continue }
            for word in words[index...] where word.hasPrefix("-") {
                used.insert("\(words[index]) \(word.prefix { $0 != "=" })")
            }
        }
        for tool in HookTools.all {
            // Those of every tool that prints have tests of their own.
            let flags = tool.flags.switches.union(tool.flags.values).subtracting(["output", "format"])
            let letters = tool.flags.short.keys.filter { $0 != "o" }
            for flag in flags.map({ "--\($0)" }) + letters.map({ "-\($0)" }) {
                #expect(used.contains("\(tool.name.rawValue) \(flag)"))
            }
        }
    }

    private func halves(_ line: String, _ mark: String) -> (String, String)? {
        guard let range = line.indices.first(where: { line[$0...].hasPrefix(mark) }) else { return nil }
        return (String(line[..<range]), String(line[range...].dropFirst(mark.count)))
    }

    private func filled(_ call: String, _ kept: [String: String]) -> String {
        call.split(separator: " ").map { kept[String($0)] ?? String($0) }.joined(separator: " ")
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " || $0 == "\n" }.reversed())
    }
}
