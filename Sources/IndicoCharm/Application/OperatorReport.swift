// SPDX-License-Identifier: Apache-2.0
import CharmKit
import Glibc

/// What the charm says of its own work when an event is done: samples of StatsD for the exporter beside Indico, which
/// has them scraped with all else.
package struct OperatorReport {
    /// The event's name.
    var event: String
    /// What it came to.
    var status: Status.Kind
    /// How long it took.
    var duration: Duration
    /// What is remembered of the workload; nil before it was touched.
    var memory: WorkloadMemory?
    /// When the certificate visitors are shown ends, in seconds since 1970; nil where nginx has none.
    var certificateEnd: Int64?

    /// The samples, one a line of StatsD.
    var samples: [String] {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        var samples = [
            "reconciles:1|c|#outcome:\(status.rawValue)", "reconcile_duration:\(seconds)|h|#event:\(event)",
            "database_current:\(memory?.checkedAt == nil ? 0 : 1)|g",
        ]
        if let certificateEnd { samples.append("certificate_expiry_timestamp_seconds:\(certificateEnd)|g") }
        for kind in [Status.Kind.active, .waiting, .maintenance, .blocked] {
            samples.append("unit_status:\(kind == status ? 1 : 0)|g|#status:\(kind.rawValue)")
        }
        return samples.map { "indico_operator." + $0 }
    }

    /// How the samples leave.
    package struct Tell: Sendable {
        /// Sends samples to a port of this host.
        let send: @Sendable (_ samples: [String], _ port: Int) -> Void

        /// Sends nothing.
        package static let nobody = Tell { _, _ in }

        /// Over UDP, inside packets of syslog as nginx's are: what comes to StatsD's own port is uWSGI's alone, so that
        /// its silence can be told.
        package static let datagrams = Tell { samples, port in
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(clamping: port).bigEndian)
            address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
            for sample in samples {
                let packet = Array("<14>indico-charm: \(sample)".utf8)
                // Nobody may be listening yet: a number that is lost is no reason for a hook to fail.
                _ = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor, packet, packet.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
        }
    }
}
