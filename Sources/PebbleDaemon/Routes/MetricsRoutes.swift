// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI
import PebblePlan

extension API {
    static var metricsRoutes: [Route] {
        [Route(.GET, "/v1/metrics", .metrics, atOnce: { supervisor, _ in .text(supervisor.metrics()) })]
    }
}

extension Supervisor {
    /// The figures of services that have been started, and of checks, in the original's peculiar form.
    func metrics() -> String {
        var text = ""
        func add(_ name: String, _ help: String, _ type: String, _ label: String, _ subject: String, _ value: Int) {
            let escaped = subject.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            text += "\(name){\(label)=\"\(String(escaped))\"} \(value)\n\n"
        }
        for (name, runner) in runners.sorted(by: { $0.key < $1.key }) where runner.machine.phase != .neverStarted {
            let isActive = runner.machine.status == .active
            let help = "Whether the service is currently active (1) or not (0)"
            add("pebble_service_active", help, "gauge", "service", name, isActive ? 1 : 0)
            let counted = "Number of times the service has started"
            add("pebble_service_start_count", counted, "counter", "service", name, runner.machine.startCount)
        }
        for name in plan.checks.keys.sorted() {
            let runner = checks[name]
            if let machine = runner?.machine, machine.isActive {
                let help = "Whether the health check is up (1) or not (0)"
                add("pebble_check_up", help, "gauge", "check", name, machine.isDown ? 0 : 1)
            }
            let successes = "Number of times the check has succeeded"
            add("pebble_check_success_count", successes, "counter", "check", name, runner?.successCount ?? 0)
            let failures = "Number of times the check has failed"
            add("pebble_check_failure_count", failures, "counter", "check", name, runner?.failureCount ?? 0)
        }
        // The original counts nothing of the kind, so there is nothing of it before the first line.
        for (name, forwarder) in forwarders.sorted(by: { $0.key < $1.key }) {
            let counts = forwarder.counts
            guard counts != ForwardingCounts() else { continue }
            let sent = "Number of log lines the target has taken"
            add("pebble_log_target_sent_count", sent, "counter", "target", name, counts.sent)
            let lost = "Number of log lines that were lost on their way to the target"
            add("pebble_log_target_lost_count", lost, "counter", "target", name, counts.lost)
        }
        return text
    }
}
