// SPDX-License-Identifier: Apache-2.0

/// The ports of the workload's processes: those of the existing charm, save in tests.
package struct WorkloadPorts: Hashable, Sendable {
    package var nginx = 8080
    package var nginxStatus = 9080
    package var nginxExporter = 9113
    package var uwsgi = 8081
    /// Used for half a minute while uWSGI starts all of its workers anew.
    package var uwsgiStandIn = 8082
    package var statsd = 9125
    /// Where the StatsD exporter takes what nginx sends through syslog.
    package var statsdSyslog = 9126
    package var statsdExporter = 9102
    package var celeryExporter = 9808

    package init() {}
}
