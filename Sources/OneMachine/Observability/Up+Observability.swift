// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleClient
import UnitAgent

extension Up {
    /// Starts Prometheus and Alertmanager on what the charm publishes; none of the rest restarts.
    func observe(_ meter: StepMeter) throws -> String {
        for program in ObservabilityPlan.programs where !FileStore.exists(program) {
            throw OperatorError(
                "\(program) is not there",
                remedy: "Install it: apt install prometheus prometheus-alertmanager"
            )
        }
        let known = settings.observability
        let ports = try known ?? ObservabilityPorts.choose { WantedPort($0, purpose: "Prometheus").isFree() }
        let plan = ObservabilityPlan(
            state: state,
            account: try requiredAccount(),
            changesAccount: geteuid() == 0,
            ports: ports
        )
        meter.update("asking the charm what to watch")
        let configuration = try published(plan)
        let changed = try write(plan, configuration)
        settings.observability = ports
        try settings.write(to: state)
        let client = PebbleClient(socketPath: state.socket(.local), timeout: .seconds(10))
        try FileStore.write(plan.yaml, to: state.pebble(.local) + "/layers/" + ObservabilityPlan.layerFile, mode: 0o644)
        try client.addLayer(label: ObservabilityPlan.label, yaml: plan.yaml, combine: true)
        try client.perform(.replan, [], timeout: .seconds(60))
        if changed { try client.sendSignal("SIGHUP", to: ["prometheus"]) }
        meter.update("waiting for Prometheus")
        let deadline = ContinuousClock.now + .seconds(60)
        while LoopbackPage.get("/-/ready", port: ports.prometheus)?.status != 200 {
            guard ContinuousClock.now < deadline else {
                throw OperatorError(
                    "Prometheus does not answer",
                    remedy: "'indico-operator logs prometheus' tells why."
                )
            }
            usleep(200_000)
        }
        return "http://127.0.0.1:\(ports.prometheus), alerts at http://127.0.0.1:\(ports.alertmanager)"
    }

    /// What the charm publishes to Prometheus, once it has been told that there is one.
    private func published(_ plan: ObservabilityPlan) throws -> PrometheusConfiguration {
        let id = try agent.integrate(endpoint: "metrics-endpoint", with: RemoteApplication(name: "prometheus"))
        let unit = try agent.status().unit.name
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            if let relation = try agent.relations().first(where: { $0.relation.id == id }),
                let configuration = try PrometheusConfiguration.make(
                    relation,
                    application: Destroy.applicationName,
                    unit: unit,
                    operatorPort: OperatorMetrics.port,
                    alertmanagerPort: plan.ports.alertmanager,
                    rulesPath: plan.rulesPath
                )
            {
                return configuration
            }
            usleep(200_000)
        }
        throw OperatorError(
            "the charm does not say what is to be watched",
            remedy: "'indico-operator debug-log' tells what it does."
        )
    }

    /// Writes the files; says whether a running Prometheus has to read them again.
    private func write(_ plan: ObservabilityPlan, _ configuration: PrometheusConfiguration) throws -> Bool {
        let account = try requiredAccount()
        for directory in [plan.prometheus, plan.alertmanager, plan.prometheus + "/data", plan.alertmanager + "/data"] {
            try FileStore.makeDirectory(directory, mode: 0o750, owner: account)
        }
        let runs = LoopbackPage.get("/-/ready", port: plan.ports.prometheus) != nil
        var changed = try FileStore.write(configuration.rules, to: plan.rulesPath, mode: 0o644)
        if try FileStore.write(configuration.text, to: plan.configurationPath, mode: 0o644) { changed = true }
        if !FileStore.exists(plan.alertmanagerPath) {
            try FileStore.write(ObservabilityPlan.alertmanagerConfiguration, to: plan.alertmanagerPath, mode: 0o644)
        }
        return changed && runs
    }
}
