// SPDX-License-Identifier: Apache-2.0
import Glibc
package import MetricsText

/// The `process_*` families every exporter has, read from `/proc` when scraped.
package struct ProcessMetrics: Sendable {
    private let root: String

    /// Creates a reader of this process, or of what another `/proc` directory describes.
    package init(root: String = "/proc") {
        self.root = root
    }

    /// The families as they are now; what cannot be read is left out.
    package func families() -> [MetricFamily] {
        var families: [MetricFamily] = []
        func gauge(_ name: String, _ help: String, _ value: Double?) {
            if let value { families.append(MetricFamily(name, .gauge, help: help, value: value)) }
        }
        // The command's name, between parentheses, may hold blanks; fields are counted after it.
        let stat = text("self/stat")?.split(separator: ")").last?.split(separator: " ").map(String.init) ?? []
        func field(_ number: Int) -> Double? {
            stat.indices.contains(number - 3) ? Double(stat[number - 3]) : nil
        }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let user = field(14), let system = field(15), ticks > 0 {
            let help = "Total user and system CPU time spent in seconds."
            let seconds = (user + system) / ticks
            families.append(MetricFamily("process_cpu_seconds_total", .counter, help: help, value: seconds))
        }
        gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", field(23))
        gauge(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            field(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
        )
        if let started = field(22), let boot = bootTime(), ticks > 0 {
            let help = "Start time of the process since unix epoch in seconds."
            gauge("process_start_time_seconds", help, boot + started / ticks)
        }
        gauge("process_open_fds", "Number of open file descriptors.", openDescriptors())
        return families
    }

    private func bootTime() -> Double? {
        text("stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    private func openDescriptors() -> Double? {
        guard let directory = opendir(root + "/self/fd") else { return nil }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        // Not counted: the two dot entries and the descriptor this listing holds.
        return Double(entries - 3)
    }

    private func text(_ name: String) -> String? {
        let descriptor = open(root + "/" + name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count <= 0 { break }
            bytes += chunk[..<count]
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
