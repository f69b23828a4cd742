// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// How long notices stay, and when they are told again.
@Suite struct NoticesTests {
    private let start = Timestamp(seconds: 1_700_000_000)

    private func notice(_ id: String, lastOccurred: Timestamp, expireAfter: Duration? = nil) -> Notice {
        Notice(
            id: id,
            userID: nil,
            type: .custom,
            key: "example.com/\(id)",
            firstOccurred: start,
            lastOccurred: lastOccurred,
            lastRepeated: start,
            expireAfter: expireAfter.map { GoDuration($0) }
        )
    }

    @Test func `a notice is forgotten its time after it last occurred, a week if nothing else is said`() {
        var document = StateDocument()
        document.notices = [
            notice("short", lastOccurred: start, expireAfter: .seconds(60)),
            notice("usual", lastOccurred: start),
            notice("again", lastOccurred: start + .seconds(86_400)),
        ]
        document.prune(now: start + .seconds(60))
        #expect(document.notices.map(\.id) == ["short", "usual", "again"])
        document.prune(now: start + .seconds(61))
        #expect(document.notices.map(\.id) == ["usual", "again"])
        document.prune(now: start + .seconds(7 * 86_400 + 1))
        #expect(document.notices.map(\.id) == ["again"])
    }

    @Test func `within its time to repeat a notice only counts, after it the notice is told again`() async throws {
        let daemon = try await TestDaemon()
        let add: @Sendable (Duration?) async throws -> Notice = { repeatAfter in
            try await daemon.call { client in
                let id = try client.addNotice(key: "example.com/x", repeatAfter: repeatAfter)
                return try client.notice(id)
            }
        }
        let first = try await add(.seconds(3600))
        #expect(first.expireAfter?.duration == .seconds(7 * 86_400))
        let second = try await add(.seconds(3600))
        #expect(second.occurrences == 2 && second.id == first.id)
        #expect(second.lastOccurred > first.lastOccurred && second.lastRepeated == first.lastRepeated)
        let seen = first.lastRepeated
        #expect(try await daemon.call { try $0.notices(types: [.custom], after: seen) }.isEmpty)
        let third = try await add(nil)
        #expect(third.lastRepeated > seen)
        #expect(try await daemon.call { try $0.notices(types: [.custom], after: seen) }.map(\.id) == [first.id])
        try await daemon.stop()
    }
}
