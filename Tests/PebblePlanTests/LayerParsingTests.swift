// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan
import SeededTesting
import Testing

/// A machine with one user, so that tests do not depend on the one they run on.
let accounts = AccountLookup(
    user: { $0 == "indico" ? .init(userID: 2000, groupID: 2001) : nil },
    userID: { $0 == 2000 ? .init(userID: 2000, groupID: 2001) : nil },
    group: { $0 == "www" ? 33 : nil }
)

@Suite struct LayerParsingTests {
    @Test func `every field of every section is read`() throws {
        let layer = try Layer.parse(yaml: wholeLayer, label: "whole", order: 7, accounts: accounts)
        let service = try #require(layer.services["web"])
        #expect(layer.order == 7)
        #expect(layer.summary == "all of it")
        #expect(service.startup == .enabled)
        #expect(service.override == .merge)
        #expect(service.environment == ["A": "1", "B": "x y", "C": ""])
        #expect(service.requires == ["db"])
        #expect(service.onCheckFailure == ["up": .restart, "deep": .ignore])
        #expect(service.backoffDelay == .milliseconds(1500))
        #expect(service.effectiveBackoffLimit == .seconds(30))
        #expect(service.backoffFactor == 1.5)
        #expect(layer.checks["up"]?.probe == .http(HTTPCheck(url: "http://localhost/", headers: ["X": "1"])))
        #expect(layer.checks["deep"]?.exec?.serviceContext == "web")
        #expect(layer.checks["port"]?.tcp == TCPCheck(port: 80))
        #expect(layer.logTargets["loki"]?.labels == ["env": "$ENV"])
        #expect(layer.workloads["w"]?.groupID == 33)
        #expect(layer.pairing == .single)
    }

    @Test func `a layer rendered and read again is the same`() throws {
        let layer = try Layer.parse(yaml: wholeLayer, label: "whole")
        #expect(try Layer.parse(yaml: layer.yaml(), label: "whole") == layer)
    }

    @Test(arguments: [
        ("{unclosed", #"cannot parse layer "L": yaml: line 1: did not find expected ',' or '}'"#),
        ("wibble: {}\n", #"cannot parse layer "L": unknown section "wibble""#),
        (
            "just text",
            "cannot parse layer \"L\": yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `just text` into map[string]yaml.Node"
        ),
        (
            "services:\n  a:\n    override: replace\n    command: x\n    colour: red\n",
            "cannot parse layer \"L\" section \"services\": yaml: unmarshal errors:\n  line 5: field colour not found in type plan.Service"
        ),
        ("services:\n  a:\n", #"service object cannot be null for service "a""#),
        ("checks:\n  a:\n", #"check object cannot be null for check "a""#),
        (
            service("command: sh -c \"oops"),
            #"plan service "a" command invalid: cannot parse service "a" command: EOF found when expecting closing quote"#
        ),
        (
            service("command: 'sleep [ 1 ] 2'"),
            #"plan service "a" command invalid: cannot parse service "a" command: cannot have any arguments after [ ... ] group"#
        ),
        (
            service("command: 'sleep [ 1 [ 2 ] ]'"),
            #"plan service "a" command invalid: cannot parse service "a" command: cannot nest [ ... ] groups"#
        ),
        (
            service("command: '[ sleep 1 ]'"),
            #"plan service "a" command invalid: cannot parse service "a" command: cannot start command with [ ... ] group"#
        ),
        (service("on-success: explode"), #"plan service "a" on-success action "explode" invalid"#),
        (service("on-success: success-shutdown"), #"plan service "a" on-success action "success-shutdown" invalid"#),
        (service("on-failure: failure-shutdown"), #"plan service "a" on-failure action "failure-shutdown" invalid"#),
        (service("on-check-failure: {c: explode}"), #"plan service "a" on-check-failure action "explode" invalid"#),
        (service("backoff-factor: 0.5"), #"plan service "a" backoff-factor must be 1.0 or greater, not 0.5"#),
        (service("kill-delay: soon"), #"cannot parse layer "L" section "services": invalid duration "soon""#),
        (service("backoff-delay: 5"), #"cannot parse layer "L" section "services": invalid duration "5""#),
        ("services:\n  pebble: {override: replace}\n", #"cannot use reserved service name "pebble""#),
        ("services:\n  -a: {override: replace}\n", #"cannot use service name "-a": starting with "-" not allowed"#),
        (check("level: dead"), #"plan check "a" level must be "alive" or "ready""#),
        (check("startup: maybe"), #"plan check "a" startup must be "enabled" or "disabled""#),
        (check("period: 0s"), #"plan check "a" period must not be zero"#),
        (check("timeout: 0s"), #"plan check "a" timeout must not be zero"#),
        (
            check("exec: {command: x, user: nosuch}"),
            #"plan check "a" has invalid user/group: user: unknown user nosuch"#
        ),
        (service("group: www"), #"plan service "a" has invalid user/group: must specify user, not just group"#),
        (
            "log-targets:\n  t: {override: replace, type: pigeon, location: x}\n",
            #"log target "t" has unsupported type "pigeon", must be "loki", "opentelemetry" or "syslog""#
        ),
        (
            "log-targets:\n  t: {override: replace, type: loki, location: x, labels: {pebble_x: y}}\n",
            #"log target "t": label "pebble_x" uses reserved prefix "pebble_""#
        ),
        ("pairing: {mode: always}\n", #"invalid pairing mode "always": should be "disabled", "single" or "multiple""#),
    ])
    func `a bad layer is refused in the words users know`(yaml: String, message: String) {
        #expect {
            try Layer.parse(yaml: yaml, label: "L", accounts: accounts)
        } throws: { error in
            "\(error)" == message
        }
    }

    @Test(arguments: ["user-id: 4321", "user-id: 2000", "{user-id: 4321, group-id: 1}"])
    func `a number of a user may be one that nobody has yet`(field: String) throws {
        let fields = field.hasPrefix("{") ? String(field.dropFirst().dropLast()) : field
        let yaml = "services:\n  a: {override: replace, command: x, \(fields)}\n"
        #expect(try Layer.parse(yaml: yaml, label: "L", accounts: accounts).services["a"]?.userID != nil)
    }

    @Test func `a reserved label is refused`() {
        #expect(throws: PlanError(PlanProblem(message: "cannot use reserved label prefix \"pebble-\""))) {
            try Layer.parse(yaml: "{}", label: "pebble-mine")
        }
    }

    @Test func `all problems are reported at once, each with its line`() throws {
        let yaml = """
            services:
                a:
                    override: replace
                    on-success: explode
                    kill-delay: soon
                pebble:
                    override: replace
            checks:
                c:
                    period: 0s
            """
        let error = try #require(throws: PlanError.self) { try Layer.parse(yaml: yaml, label: "L") }
        #expect(error.problems.map(\.line) == [5, 4, 6, 10])
    }

    @Test func `however a layer is damaged, it is refused or comes back from its own YAML the same`() throws {
        var generator = SeededGenerator()
        let whole = Array(wholeLayer.utf8)
        let pieces = ["\n", " ", ":", "- ", "{", "]", "\"", "'", "~", "5", "null", "&a ", "*a", "|", "#", "\t", "<<: "]
            .map { Array($0.utf8) }
        var taken = 0
        for _ in 0..<1500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let start = Int.random(in: 0..<bytes.count, using: &generator)
                let end = min(bytes.count, start + Int.random(in: 0...4, using: &generator))
                bytes.replaceSubrange(start..<end, with: pieces.randomElement(using: &generator) ?? [])
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let layer = try? Layer.parse(yaml: text, label: "L") else { continue }
            taken += 1
            #expect(try Layer.parse(yaml: layer.yaml(), label: "L") == layer, "read from \(text)")
        }
        #expect(taken > 0)
    }

    @Test func `a layer without anything is a layer`() throws {
        for yaml in ["", "{}", "services:\n", "# nothing\n", "null"] {
            #expect(try Layer.parse(yaml: yaml, label: "empty") == Layer(label: "empty"))
        }
    }
}

private func service(_ field: String) -> String {
    "services:\n  a:\n    override: replace\n    \(field)\n"
}

private func check(_ field: String) -> String {
    "checks:\n  a:\n    override: replace\n    \(field)\n"
}

let wholeLayer = """
    summary: all of it
    description: |
        line one
        line two
    services:
        web:
            summary: the web
            description: serves
            startup: enabled
            override: merge
            command: web --port 80 [ --default ]
            after: [db]
            before: [late]
            requires: [db]
            environment:
                A: 1
                B: x y
                C:
            user-id: 2000
            user: indico
            group-id: 33
            group: www
            working-dir: /srv
            on-success: ignore
            on-failure: shutdown
            on-check-failure: {up: restart, deep: ignore}
            backoff-delay: 1.5s
            backoff-factor: 1.5
            kill-delay: 20s
    checks:
        up: {override: replace, level: alive, period: 5s, http: {url: "http://localhost/", headers: {X: 1}}}
        deep: {override: replace, startup: disabled, threshold: 1, exec: {command: test, service-context: web, user: indico}}
        port: {override: replace, tcp: {port: 80}}
    log-targets:
        loki: {override: merge, type: loki, location: "http://loki", services: [all, -web], labels: {env: $ENV}}
    workloads:
        w: {override: replace, user-id: 2000, group-id: 33, environment: {W: "1"}}
    pairing: {mode: single}
    """
