// SPDX-License-Identifier: Apache-2.0
import PebblePlan
import SeededTesting
import Testing

@Suite struct PlanCombiningTests {
    @Test func `a merge lays scalars, lists and maps over what is there`() throws {
        var base = Layer(label: "base")
        var service = Service(name: "a", override: .replace, command: "one")
        service.after = ["x"]
        service.environment = ["COLOUR": "blue", "SHAPE": "round"]
        service.summary = "first"
        base.services["a"] = service
        var above = Layer(label: "above")
        var change = Service(name: "a", override: .merge, command: "two")
        change.after = ["y"]
        change.environment = ["COLOUR": "red"]
        above.services["a"] = change
        let combined = try #require(try Plan.combine([base, above]).services["a"])
        #expect(combined.command == "two")
        #expect(combined.summary == "first")
        #expect(combined.after == ["x", "y"])
        #expect(combined.environment == ["COLOUR": "red", "SHAPE": "round"])
        #expect(combined.override == .replace)
    }

    @Test func `a replacement leaves nothing of what was there`() throws {
        var base = Layer(label: "base")
        base.checks["c"] = Check(name: "c", override: .replace)
        base.checks["c"]?.tcp = TCPCheck(port: 1)
        var above = Layer(label: "above")
        above.checks["c"] = Check(name: "c", override: .replace)
        above.checks["c"]?.exec = ExecCheck(command: "true")
        #expect(try Plan.combine([base, above]).checks["c"]?.tcp == nil)
        above.checks["c"]?.override = .merge
        let merged = try Plan.combine([base, above])
        #expect(merged.checks["c"]?.tcp == TCPCheck(port: 1))
        #expect(throws: PlanError.self) { try merged.validate() }
    }

    @Test func `combining layer by layer or all at once gives the same plan`() throws {
        var generator = SeededGenerator()
        for _ in 0..<200 {
            let layers = (0..<4).map { index in randomLayer("l\(index)", &generator) }
            let stepwise = try layers.dropFirst().reduce(layers[0]) { try $0.combined(with: $1) }
            #expect(try Plan.combine(layers) == Plan.combine([stepwise]))
        }
    }

    @Test(arguments: [
        (nil, #"layer "L" must define "override" for service "a""#),
        ("wrong", #"layer "L" has invalid "override" value for service "a""#),
    ])
    func `an entry must say how it combines`(override: String?, message: String) {
        var layer = Layer(label: "L")
        layer.services["a"] = Service(name: "a", override: override.map(Override.init), command: "x")
        #expect(throws: PlanError(PlanProblem(message: message, path: "services.a.override"))) {
            try Plan.combine([layer])
        }
    }

    private func randomLayer(_ label: String, _ generator: inout SeededGenerator) -> Layer {
        var layer = Layer(label: label)
        for name in ["a", "b", "c"] where Bool.random(using: &generator) {
            var service = Service(name: name, override: Bool.random(using: &generator) ? .merge : .replace)
            if Bool.random(using: &generator) { service.command = "\(label) \(name)" }
            if Bool.random(using: &generator) { service.environment = [label: name, "X": label] }
            if Bool.random(using: &generator) { service.requires = ["a"] }
            layer.services[name] = service
        }
        return layer
    }
}

@Suite struct PlanValidatingTests {
    @Test(arguments: [
        ("services: {a: {override: replace}}", #"plan must define "command" for service "a""#),
        (
            "services: {a: {override: replace, command: x, after: [b]}, b: {override: replace, command: x, after: [a]}}",
            "services in before/after loop: a, b"
        ),
        ("services: {a: {override: replace, command: x, requires: [ghost]}}", #"service "ghost" does not exist"#),
        ("checks: {a: {override: replace}}", #"plan must specify one of "http", "tcp", or "exec" for check "a""#),
        (
            "checks: {a: {override: replace, tcp: {port: 1}, exec: {command: x}}}",
            #"plan must specify one of "http", "tcp", or "exec" for check "a""#
        ),
        ("checks: {a: {override: replace, http: {}}}", #"plan must set "url" for http check "a""#),
        ("checks: {a: {override: replace, tcp: {}}}", #"plan must set "port" for tcp check "a""#),
        ("checks: {a: {override: replace, exec: {}}}", #"plan must set "command" for exec check "a""#),
        (
            "checks: {a: {override: replace, exec: {command: x, service-context: ghost}}}",
            #"plan check "a" service context specifies non-existent service "ghost""#
        ),
        (
            "log-targets: {t: {override: replace, location: x}}",
            #"plan must define "type" ("loki", "opentelemetry" or "syslog") for log target "t""#
        ),
        ("log-targets: {t: {override: replace, type: loki}}", #"plan must define "location" for log target "t""#),
        (
            "log-targets: {t: {override: replace, type: loki, location: x, services: [ghost]}}",
            #"log target "t" specifies unknown service "ghost""#
        ),
        (
            "services: {a: {override: replace, command: x, workload: ghost}}",
            #"workload "ghost": not defined for service "a""#
        ),
    ])
    func `a bad plan is refused in the words users know`(yaml: String, message: String) throws {
        let plan = try Plan.combine([Layer.parse(yaml: yaml, label: "L")])
        #expect {
            try plan.validate()
        } throws: { error in
            "\(error)" == message
        }
    }

    @Test func `after and before may name services that are not there`() throws {
        let yaml = "services: {a: {override: replace, command: x, after: [ghost], before: [spirit]}}"
        try Plan.combine([Layer.parse(yaml: yaml, label: "L")]).validate()
    }
}

@Suite struct PlanRenderingTests {
    @Test func `the plan looks as the original prints it`() throws {
        let yaml = """
            services:
                svc2:
                    override: replace
                    startup: disabled
                    command: sh -c "echo hello >&2; exec sleep 10000"
                    requires: [svc1]
                    after: [svc1]
                    kill-delay: 300ms
                svc1: {override: replace, summary: first, command: "sh -c 'x' a [ --default ]", environment: {B: "1", A: x}}
            checks:
                c: {override: replace, period: 1h, http: {url: "http://127.0.0.1:1/", headers: {X-Thing: yes-really}}}
            log-targets:
                t: {override: replace, type: loki, location: "http://127.0.0.1:1/push"}
            """
        let plan = try Plan.combine([Layer.parse(yaml: yaml, label: "L")])
        #expect(
            plan.yaml() == """
                services:
                    svc1:
                        summary: first
                        override: replace
                        command: sh -c 'x' a [ --default ]
                        environment:
                            A: x
                            B: "1"
                    svc2:
                        startup: disabled
                        override: replace
                        command: sh -c "echo hello >&2; exec sleep 10000"
                        after:
                            - svc1
                        requires:
                            - svc1
                        kill-delay: 300ms
                checks:
                    c:
                        override: replace
                        period: 1h0m0s
                        threshold: 3
                        http:
                            url: http://127.0.0.1:1/
                            headers:
                                X-Thing: yes-really
                log-targets:
                    t:
                        type: loki
                        location: http://127.0.0.1:1/push
                        services: []
                        override: replace

                """
        )
        #expect(Plan().yaml() == "{}\n")
    }
}

@Suite struct EffectiveValueTests {
    @Test func `no value of a plan is beyond what a timer can count`() throws {
        let yaml = """
            services:
                a: {override: replace, command: x, kill-delay: -5s, backoff-limit: 2562047h, backoff-factor: .inf}
            checks:
                c: {override: replace, period: 1ns, timeout: -1s, threshold: -3, tcp: {port: 1}}
            """
        let layer = try Layer.parse(yaml: yaml, label: "L")
        let service = try #require(layer.services["a"])
        #expect(service.effectiveKillDelay == .zero)
        #expect(service.effectiveBackoffLimit == .seconds(100 * 365 * 86_400))
        #expect(service.effectiveBackoffFactor.isFinite)
        let check = try #require(layer.checks["c"])
        #expect(check.effectivePeriod == .milliseconds(1))
        #expect(check.effectiveTimeout == .zero)
        #expect(check.effectiveThreshold == 1)
    }
}
