// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore
import PebbleAPI
import PebblePlan

extension Supervisor {
    /// Follows a change of the plan, or of which services have a log: targets come, go and change at once.
    func forwardLogs() {
        for name in forwarders.keys where plan.logTargets[name] == nil { endForwarder(name) }
        for (name, target) in plan.logTargets {
            do throws(ProbeFailure) {
                let configuration = try forwardingConfiguration(target)
                if forwarders[name] == nil {
                    forwarders[name] = LogForwarder(
                        loop: surroundings.outputLoop,
                        configuration: configuration,
                        timing: surroundings.forwarding,
                        note: surroundings.log.write
                    )
                }
                forwarders[name]?.follow(configuration)
            } catch {
                surroundings.log.write("Cannot send logs to target \"\(name)\": \(error)")
                endForwarder(name)
            }
        }
    }

    private func endForwarder(_ name: String) {
        guard let forwarder = forwarders.removeValue(forKey: name) else { return }
        Task { await forwarder.finish() }
    }

    /// Sends what is left, at the daemon's end.
    func finishForwarding() async {
        let ending = forwarders.values
        forwarders = [:]
        await withDiscardingTaskGroup { group in
            for forwarder in ending { group.addTask { await forwarder.finish() } }
        }
    }

    private func forwardingConfiguration(_ target: LogTarget) throws(ProbeFailure) -> LogForwarder.Configuration {
        let services = plan.services.values.filter { target.takes(service: $0.name) }
        var labels: [String: [String: String]] = [:]
        for service in services {
            labels[service.name] = LogLabels.expanded(target.labels, environment: service.environment)
        }
        return LogForwarder.Configuration(
            target: target,
            destination: try logDestination(target),
            logs: services.compactMap { runners[$0.name]?.log }.sorted { $0.service < $1.service },
            labels: labels
        )
    }

    private func logDestination(_ target: LogTarget) throws(ProbeFailure) -> any LogDestination {
        let loop = surroundings.outputLoop
        let location = target.location ?? ""
        let timeout = surroundings.forwarding.request
        func http(
            _ url: WebURL,
            _ contentType: String,
            _ encode: @escaping @Sendable (LogBatch) -> ByteBuffer
        ) -> HTTPLogDestination {
            HTTPLogDestination(
                loop: loop,
                tls: surroundings.tls,
                url: url,
                timeout: timeout,
                version: serverVersion,
                contentType: contentType,
                encode: encode
            )
        }
        switch target.type {
        case .loki, nil:
            return http(try WebURL(location), LokiFormat.contentType, LokiFormat.body)
        case .opentelemetry:
            let url = try WebURL(location).appending(OpenTelemetryFormat.path)
            return http(url, OpenTelemetryFormat.contentType, OpenTelemetryFormat.body)
        case .syslog:
            let address = try SyslogAddress(location)
            let host = Machine.hostName()
            return address.isDatagram
                ? SyslogDatagrams(loop: loop, address: address, host: host)
                : SyslogStream(loop: loop, address: address, host: host, timeout: timeout)
        }
    }
}
