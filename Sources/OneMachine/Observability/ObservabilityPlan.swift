// SPDX-License-Identifier: Apache-2.0

/// Prometheus and Alertmanager beside the rest, on request: a layer of its own for the Pebble of the local servers.
package struct ObservabilityPlan: Hashable, Sendable {
    package var state: StateDirectory
    package var account: Account
    package var changesAccount: Bool
    package var ports: ObservabilityPorts

    package static let layerFile = "002-observability.yaml"
    package static let label = "observability"
    package static let services = ["prometheus", "alertmanager"]
    package static let programs = ["/usr/bin/prometheus", "/usr/bin/prometheus-alertmanager"]

    package init(state: StateDirectory, account: Account, changesAccount: Bool, ports: ObservabilityPorts) {
        self.state = state
        self.account = account
        self.changesAccount = changesAccount
        self.ports = ports
    }

    package var prometheus: String { state.servers + "/prometheus" }
    package var alertmanager: String { state.servers + "/alertmanager" }
    package var configurationPath: String { prometheus + "/prometheus.yml" }
    package var rulesPath: String { prometheus + "/rules.yml" }
    package var alertmanagerPath: String { alertmanager + "/alertmanager.yml" }

    /// Alertmanager's first configuration: one cause silences its symptoms, and nobody is told yet.
    ///
    /// It is the operator's own file from then on.
    package static let alertmanagerConfiguration = """
        # Yours to change: 'indico-operator up' leaves it alone. docs/how-to/alerts.md tells how to have mail sent.
        route:
          receiver: nobody
          group_by: [alertname, instance]
        receivers:
          - name: nobody
        inhibit_rules:
          # Without nginx nobody gets anything; the rest follows from it.
          - source_matchers: [alertname = IndicoUnreachable]
            target_matchers: [alertname =~ "IndicoNotServing|IndicoErrorsBurn.*|IndicoPagesSlow|IndicoCheckDown|IndicoNotActive"]
            equal: [juju_application]
          # Without uWSGI every page is an error.
          - source_matchers: [alertname = IndicoNotServing]
            target_matchers: [alertname =~ "IndicoErrorsBurn.*|IndicoPagesSlow|IndicoCheckDown|IndicoNotActive"]
            equal: [juju_application]
          # Without its broker Celery cannot work.
          - source_matchers: [alertname = IndicoBrokerUnreachable]
            target_matchers: [alertname =~ "IndicoTasks.*|IndicoMailDelayed|IndicoCheckDown"]
            equal: [juju_application]
          # Without its database Indico can do nothing.
          - source_matchers: [alertname = IndicoDatabaseNotReady]
            target_matchers: [alertname =~ "IndicoNotActive|IndicoErrorsBurn.*"]
            equal: [juju_application]
          # An upgrade that failed is why it is not ready.
          - source_matchers: [alertname = IndicoUpgradeFails]
            target_matchers: [alertname =~ "IndicoDatabaseNotReady|IndicoNotActive"]
            equal: [juju_application]
          # A backup that fails is overdue in time; a certificate that expired was about to.
          - source_matchers: [alertname = IndicoBackupFails]
            target_matchers: [alertname =~ "IndicoBackupOverdue|IndicoCheckDown"]
            equal: [juju_application]
          - source_matchers: [alertname = IndicoCertificateExpired]
            target_matchers: [alertname = IndicoCertificateExpires]
            equal: [juju_application]

        """

    /// The text of the layer.
    package var yaml: String {
        let account =
            changesAccount ? "\n        user: \(account.name)\n        group: \(account.group)" : ""
        func service(_ name: String, _ summary: String, _ command: [String]) -> String {
            """
                \(name):
                    override: replace
                    summary: \(summary)
                    startup: enabled
                    command: \(command.joined(separator: " "))\(account)
                    on-success: restart
                    on-failure: restart
                    backoff-limit: 10s
                    kill-delay: 30s

            """
        }
        func check(_ name: String, _ port: UInt16) -> String {
            """
                \(name):
                    override: replace
                    period: 10s
                    http:
                        url: http://127.0.0.1:\(port)/-/ready

            """
        }
        return "summary: Prometheus and Alertmanager\nservices:\n"
            + service(
                "prometheus",
                "keeps the numbers and watches them",
                [
                    Self.programs[0], "--config.file=\(configurationPath)", "--storage.tsdb.path=\(prometheus)/data",
                    "--storage.tsdb.retention.time=30d", "--storage.tsdb.retention.size=2GB",
                    "--web.listen-address=127.0.0.1:\(ports.prometheus)", "--log.level=warn",
                ]
            )
            + service(
                "alertmanager",
                "tells people of alerts",
                [
                    Self.programs[1], "--config.file=\(alertmanagerPath)", "--storage.path=\(alertmanager)/data",
                    "--web.listen-address=127.0.0.1:\(ports.alertmanager)", "--cluster.listen-address=",
                    "--log.level=warn",
                ]
            ) + "checks:\n" + check("prometheus", ports.prometheus) + check("alertmanager", ports.alertmanager)
    }
}

/// Where Prometheus and Alertmanager listen; there when they were asked for.
package struct ObservabilityPorts: Codable, Hashable, Sendable {
    package var prometheus: UInt16
    package var alertmanager: UInt16

    /// Chooses free ports, from the usual ones upwards.
    package static func choose(isFree: (UInt16) -> Bool) throws(OperatorError) -> ObservabilityPorts {
        func port(_ first: UInt16) throws(OperatorError) -> UInt16 {
            guard let port = stride(from: first, to: first + 900, by: 10).first(where: isFree) else {
                throw OperatorError("no free port was found from \(first) upwards", remedy: "Free one of them.")
            }
            return port
        }
        return ObservabilityPorts(prometheus: try port(9090), alertmanager: try port(9093))
    }
}
