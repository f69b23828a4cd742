// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct ObservabilityTests {
    private let topology = JujuTopology(
        model: "indico-model",
        modelUUID: "f3a1b2c4-5d6e-4f70-8a91-b2c3d4e5f607",
        application: "indico",
        unit: "indico/0",
        charm: "indico"
    )

    /// The rules of the charm we replace, as it keeps them.
    private let rules = AlertRules(groups: [
        .init(
            name: "indico_missing",
            rules: [
                .init(
                    alert: "IndicoTargetMissing",
                    expression: "up == 0",
                    duration: "0m",
                    labels: ["severity": "critical"],
                    annotations: [
                        "summary": "Prometheus target missing (instance {{ $labels.instance }})",
                        "description":
                            "Indico target has disappeared. An exporter might be crashed.\n  VALUE = {{ $value }}\n"
                            + "  LABELS = {{ $labels }}",
                    ]
                )
            ]
        )
    ])

    private func recorded(_ name: String, _ endpoint: String) throws -> [String: String] {
        try #require(try Recording(name).steps.last?.relations?.first { $0.endpoint == endpoint }?.localApplicationData)
    }

    @Test func `metadata and rules are published as they were recorded`() throws {
        let written = try recorded("15-metrics-endpoint-leader", "metrics-endpoint")
        let ours = PrometheusScrape.applicationDatabag(jobs: [], rules: rules, topology: topology)
        #expect(try json(ours["scrape_metadata"]) == json(written["scrape_metadata"]))
        // The recorded ones also have the generic group that the library adds: ours are the first.
        guard case .object(let recorded) = try json(written["alert_rules"]),
            case .array(let recordedGroups)? = recorded["groups"],
            case .object(let own) = try json(ours["alert_rules"]), case .array(let ownGroups)? = own["groups"]
        else {
            Issue.record("no groups")
            return
        }
        #expect(ownGroups.first == recordedGroups.first)
    }

    @Test func `each port is a job of its own`() throws {
        let jobs = [ScrapeJob(name: "nginx", targets: ["*:9113"]), ScrapeJob(name: "statsd", targets: ["*:9102"])]
        let text = PrometheusScrape.applicationDatabag(jobs: jobs, rules: AlertRules(), topology: topology)
        let expected = """
            [{"job_name": "nginx", "metrics_path": "/metrics", "static_configs": [{"targets": ["*:9113"]}]},
             {"job_name": "statsd", "metrics_path": "/metrics", "static_configs": [{"targets": ["*:9102"]}]}]
            """
        #expect(try json(text["scrape_jobs"]) == json(expected))
        #expect(text["alert_rules"] == "{}")
    }

    @Test func `a rule's own labels stay, and a group is named once`() {
        var rules = rules
        rules.groups[0].name = "web-latency_rules"
        rules.groups[0].rules[0].labels["juju_charm"] = "other"
        let published = rules.published(by: topology)
        #expect(published.groups.first?.name == "indico_model_f3a1b2c4_indico_web_latency_rules")
        #expect(published.groups.first?.rules.first?.labels["juju_charm"] == "other")
        #expect(published.groups.first?.rules.first?.labels["juju_model"] == "indico-model")
    }

    @Test func `every unit says where it is, the leader what to scrape`() throws {
        for isLeader in [true, false] {
            var world = World(isLeader: isLeader)
            world.relations = [
                RelationState("metrics-endpoint", id: 1, remoteApplication: "prometheus"),
                RelationState("metrics-endpoint", id: 2, remoteApplication: "mimir"),
            ]
            let output = try reading(in: world) {
                try PrometheusScrape.publish(
                    jobs: [ScrapeJob(name: "nginx", targets: ["*:9113"])],
                    rules: rules,
                    topology: topology,
                    address: "192.0.2.0",
                    "metrics-endpoint",
                    $0
                )
            }.1
            for relation in output.world.relations {
                #expect((relation.ownApplicationData["scrape_jobs"] != nil) == isLeader)
                #expect(relation.ownUnitData["prometheus_scrape_unit_address"] == "192.0.2.0")
                #expect(relation.ownUnitData["prometheus_scrape_unit_name"] == "indico/0")
            }
        }
    }

    @Test func `what Prometheus refuses is told in a line`() {
        let databags = RemoteDatabags(application: ["event": #"{"errors": "bad\nexpr", "valid": false}"#])
        #expect(PrometheusScrape.complaint(databags) == "bad expr")
        #expect(PrometheusScrape.complaint(RemoteDatabags(application: ["event": #"{"valid": true}"#])) == nil)
        #expect(PrometheusScrape.complaint(RemoteDatabags(application: ["scrape_job_errors": "no"])) == "no")
    }

    @Test(arguments: ["19-logging-leader"])
    func `Loki's units are read, and told who sends`(name: String) throws {
        let result = try reading(in: Recording(name).world) { try LokiPush.read("logging", $0) }.0
        let urls = try #require(result.value)
        #expect(
            urls.values.map(\.description) == [
                "http://loki-k8s-0.loki-k8s-endpoints.indico-model.svc.cluster.local:3100/loki/api/v1/push"
            ]
        )
        let ours = LokiPush.applicationDatabag(rules: AlertRules(), topology: topology)
        let written = try recorded(name, "logging")
        #expect(try json(ours["metadata"]) == json(written["metadata"]))
        #expect(ours["alert_rules"] == written["alert_rules"])
    }

    @Test func `a Loki without an endpoint is waited for, and one with nonsense is named`() throws {
        let unit = UnitName(application: "loki", number: 0)
        #expect(LokiPush.read(RemoteDatabags(units: [unit: [:]])) == .waiting("an endpoint"))
        guard case .invalid(let reason) = LokiPush.read(RemoteDatabags(units: [unit: ["endpoint": "http://x"]])) else {
            Issue.record("it was read")
            return
        }
        #expect(reason.contains("loki/0"))
    }

    @Test func `traces go to the recorded receiver, asked for as recorded`() throws {
        let recording = try PlainRecording("t05-tracing")
        let remote = try #require(recording.remote("tracing")?.remoteApplicationData)
        let url = try #require(Tracing.read(RemoteDatabags(application: remote)).value)
        #expect(url.description == "http://tempo-0.tempo-endpoints.cos.svc.cluster.local:4318")
        var world = World(isLeader: true)
        world.relations = [RelationState("tracing", id: 3, remoteApplication: "tempo")]
        let output = try reading(in: world) { try Tracing.request("tracing", $0) }.1
        #expect(
            try json(output.world.relations.first?.ownApplicationData["receivers"])
                == json(recording.written("tracing")?.localApplicationData?["receivers"])
        )
        #expect(Tracing.read(RemoteDatabags(application: ["receivers": "[]"])) == .waiting("a receiver for otlp_http"))
        #expect(
            Tracing.read(RemoteDatabags(application: ["receivers": "{}"]))
                == .invalid("receivers: not a JSON list of receivers")
        )
    }
}
