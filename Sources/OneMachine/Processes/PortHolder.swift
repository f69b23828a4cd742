// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport

/// A port one of our programs will listen on.
package struct WantedPort: Hashable, Sendable {
    package enum Transport: String, Sendable {
        case tcp
        case udp
    }

    package var number: UInt16
    package var transport: Transport
    /// What for, as in `nginx`.
    package var purpose: String

    package init(_ number: UInt16, _ transport: Transport = .tcp, purpose: String) {
        self.number = number
        self.transport = transport
        self.purpose = purpose
    }

    /// What the charm's services listen on: the numbers are those of the charm for Kubernetes.
    package static let workload: [WantedPort] = [
        WantedPort(8080, purpose: "the web server"), WantedPort(9080, purpose: "the web server's status"),
        WantedPort(8081, purpose: "uWSGI"), WantedPort(9125, .udp, purpose: "the StatsD exporter"),
        WantedPort(9102, purpose: "the StatsD exporter"), WantedPort(9808, purpose: "the Celery exporter"),
        WantedPort(9113, purpose: "the nginx exporter"), WantedPort(9126, .udp, purpose: "the StatsD exporter"),
        WantedPort(OperatorMetrics.port, purpose: "the operator's metrics"),
    ]

    /// Whether nobody listens there.
    package func isFree() -> Bool {
        let kind = transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(AF_INET, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var one: Int32 = 1
        // As servers do: a connection of the last run that is fading away does not count. For UDP it would share.
        if transport == .tcp {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        // On every address: a listener on any single one is in the way as well.
        address.sin_addr.s_addr = 0
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// A process with its command line.
package struct ProcessEntry: Hashable, Sendable {
    package var pid: ProcessID
    package var arguments: [String]

    package init(pid: ProcessID, arguments: [String]) {
        self.pid = pid
        self.arguments = arguments
    }

    /// Reads `/proc`; a kernel thread, and a process that has just ended, have no arguments.
    package init(pid: ProcessID) {
        let bytes = ((try? FileStore.read("/proc/\(pid)/cmdline")) ?? nil) ?? []
        self.init(pid: pid, arguments: bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }

    package var commandLine: String { arguments.joined(separator: " ") }
}

/// Finds out which process holds a port, as far as this user may see.
package enum PortHolder {
    /// The process that listens on the port; nil where it belongs to somebody else and cannot be seen.
    package static func find(_ port: WantedPort) -> ProcessEntry? {
        var inodes: Set<String> = []
        for family in [port.transport.rawValue, port.transport.rawValue + "6"] {
            inodes.formUnion(
                listeningInodes(in: ((try? FileStore.text("/proc/net/\(family)")) ?? nil) ?? "", port: port)
            )
        }
        guard !inodes.isEmpty else { return nil }
        let wanted = Set(inodes.map { "socket:[\($0)]" })
        return ProcessTable.all().first { process in
            let directory = "/proc/\(process.pid)/fd"
            let names = (try? FileStore.names(in: directory)) ?? []
            return names.contains { FileStore.linkTarget(directory + "/" + $0).map(wanted.contains) ?? false }
        }.map { ProcessEntry(pid: $0.pid) }
    }

    /// Reads the kernel's table of sockets: the inodes of those that wait on the port.
    package static func listeningInodes(in table: String, port: WantedPort) -> Set<String> {
        // 0A is LISTEN; a UDP socket that nobody connected is 07.
        let waiting = port.transport == .tcp ? "0A" : "07"
        var inodes: Set<String> = []
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == waiting, let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port.number
            else { continue }
            inodes.insert(String(fields[9]))
        }
        return inodes
    }
}
