// SPDX-License-Identifier: Apache-2.0
import MetricsText
import Testing

@testable import MetricsServer

@Suite struct ProcessMetricsTests {
    @Test func `a process knows its own figures`() throws {
        var values: [String: Double] = [:]
        for family in ProcessMetrics().families() {
            if case .number(let value)? = family.series.first?.value { values[family.name] = value }
        }
        #expect(values.count == 5)
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_open_fds"]) > 2)
        #expect(try #require(values["process_start_time_seconds"]) > 1_600_000_000)
    }

    @Test func `without a proc file system nothing is invented`() {
        #expect(ProcessMetrics(root: "/nonexistent").families().isEmpty)
    }
}
