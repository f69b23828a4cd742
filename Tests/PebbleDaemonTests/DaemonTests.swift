// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

@Suite struct DaemonTests {
    @Test func `it starts, serves and ends`() async throws {
        let daemon = try await TestDaemon(layer: """
            services:
              one:
                override: replace
                startup: enabled
                command: sh -c "echo hello; exec sleep 1000"
            """)
        #expect(try await daemon.service("one").current == .inactive)
        let change = try await daemon.change(.start, ["one"])
        #expect(change.status == .done)
        #expect(try await daemon.service("one").current == .active)
        let logs = try await daemon.call { try $0.logs(["one"]) }
        #expect(logs.map(\.message) == ["hello"])
        #expect(try await daemon.stop() == 0)
    }
}
