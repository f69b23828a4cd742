// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HookProtocol
import MetricsText
import Testing
import UnitAgent

@testable import OneMachine

@Suite struct ObservabilityTests {
    /// The relation as the agent tells it, with what the charm wrote.
    private func relation(_ databag: [String: String], unit: [String: String]) throws -> RelationData {
        struct Written: Encodable {
            struct Relation: Encodable {
                var id = 4
                var endpoint = "metrics-endpoint"
                var interface = "prometheus_scrape"
                var remoteApplication = "prometheus"
                var peer = false
                var state = "joined"
            }
            var relation = Relation()
            var databags: [String: [String: String]]
        }
        let data = try JSONEncoder().encode(Written(databags: ["indico": databag, "indico/0": unit]))
        return try JSONDecoder().decode(RelationData.self, from: data)
    }

    private let published = [
        "scrape_metadata":
            #"{"model":"local","model_uuid":"f3a1b2c4-5d6e-4f70-8a91-b2c3d4e5f607","application":"indico","unit":"indico/0","charm_name":"indico"}"#,
        "scrape_jobs":
            #"[{"job_name":"nginx","metrics_path":"/metrics","static_configs":[{"targets":["*:9113"]}]},{"job_name":"celery","metrics_path":"/metrics","static_configs":[{"targets":["10.0.0.7:9808"]}]}]"#,
        "alert_rules": #"{"groups":[]}"#,
    ]

    private func make(_ databag: [String: String], unit: [String: String]) throws -> PrometheusConfiguration? {
        try PrometheusConfiguration.make(
            try relation(databag, unit: unit),
            application: "indico",
            unit: "indico/0",
            operatorPort: 9180,
            alertmanagerPort: 9093,
            rulesPath: "/srv/rules.yml"
        )
    }

    @Test func `jobs get the labels and names they get in a cluster`() throws {
        struct Configuration: Decodable {
            struct Job: Decodable {
                struct Targets: Decodable {
                    var targets: [String]
                    var labels: [String: String]
                }
                struct Relabelling: Decodable {
                    var sourceLabels: [String]
                    var targetLabel: String
                }
                var jobName: String
                var staticConfigs: [Targets]
                var relabelConfigs: [Relabelling]
            }
            var scrapeConfigs: [Job]
            var ruleFiles: [String]
        }
        let made = try #require(try make(published, unit: ["prometheus_scrape_unit_address": "192.0.2.1"]))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let read = try decoder.decode(Configuration.self, from: Data(made.text.utf8))
        let prefix = "juju_local_f3a1b2c4_indico_prometheus_scrape_"
        #expect(read.scrapeConfigs.map(\.jobName) == ["nginx-0", "celery", "operator-0"].map { prefix + $0 })
        let targets = read.scrapeConfigs.flatMap(\.staticConfigs).flatMap(\.targets)
        #expect(targets == ["192.0.2.1:9113", "10.0.0.7:9808", "127.0.0.1:9180"])
        let units = read.scrapeConfigs.map { $0.staticConfigs[0].labels["juju_unit"] }
        #expect(units == ["indico/0", nil, "indico/0"])
        #expect(read.scrapeConfigs.allSatisfy { $0.relabelConfigs[0].targetLabel == "instance" })
        #expect(read.scrapeConfigs[0].relabelConfigs[0].sourceLabels.last == "juju_unit")
        #expect(read.ruleFiles == ["/srv/rules.yml"])
    }

    @Test func `there is no configuration before the charm has said everything`() throws {
        #expect(try make(published, unit: [:]) == nil)
        var without = published
        without["alert_rules"] = nil
        #expect(try make(without, unit: ["prometheus_scrape_unit_address": "192.0.2.1"]) == nil)
    }

    @Test func `each Pebble's numbers say whose they are, and a silent Pebble is down`() throws {
        let document = try MetricsDocument(
            """
            # HELP pebble_service_start_count Number of times the service has started
            # TYPE pebble_service_start_count counter
            pebble_service_start_count{service="nginx"} 3

            """
        )
        let families = OperatorMetrics.pebbles([("indico-nginx", document), ("indico", nil)])
        let told = try MetricsDocument(TextFormat().render(families))
        #expect(told.value("pebble_up", ["container": "indico"]) == 0)
        #expect(told.value("pebble_up", ["container": "indico-nginx"]) == 1)
        #expect(told.value("pebble_service_start_count", ["container": "indico-nginx", "service": "nginx"]) == 3)
        #expect(told.types["pebble_service_start_count"] == "counter")
    }

    @Test func `hooks are told by how they ended`() throws {
        var snapshot = HookStatistics.Snapshot()
        snapshot.hooks["config-changed"] = HookStatistics.Count()
        snapshot.hooks["config-changed"]?.succeeded = 4
        snapshot.hooks["config-changed"]?.failed = 1
        snapshot.hooks["config-changed"]?.time = .milliseconds(2500)
        snapshot.failuresInRow = 1
        let told = try MetricsDocument(TextFormat().render(OperatorMetrics.hooks(snapshot)))
        #expect(told.value("operator_hook_runs_total", ["hook": "config-changed", "outcome": "success"]) == 4)
        #expect(told.value("operator_hook_runs_total", ["hook": "config-changed", "outcome": "failure"]) == 1)
        #expect(told.value("operator_hook_seconds_total", ["hook": "config-changed"]) == 2.5)
        #expect(told.value("operator_hook_failures_in_row") == 1)
    }

    @Test func `the machine's facts are numbers of this machine`() {
        let facts = MachineFacts.read(directory: "/")
        #expect(facts.processors >= 1)
        #expect(facts.memory > facts.memoryAvailable && facts.memoryAvailable > 0)
        #expect(facts.disk > 0 && facts.diskAvailable <= facts.disk)
    }

    @Test func `an answer is read with its status and body`() {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\na 1\nb 2\n".utf8)
        #expect(LoopbackPage.answer(in: bytes) == LoopbackPage.Answer(status: 200, body: "a 1\nb 2\n"))
        #expect(LoopbackPage.answer(in: Array("nonsense".utf8)) == nil)
    }
}
