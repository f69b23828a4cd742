// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

@Suite struct RetryBackoffTests {
    private let backoff = RetryBackoff(first: .seconds(5))

    @Test(arguments: [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (1000, 300)])
    func `it doubles from five seconds to five minutes`(failures: Int, seconds: Int) {
        #expect(backoff.delay(failures: failures, jitter: 0) == .seconds(seconds))
    }

    @Test func `jitter spreads it by a tenth and never past the limit`() {
        #expect(backoff.delay(failures: 2, jitter: 1) == .seconds(11))
        #expect(backoff.delay(failures: 2, jitter: -1) == .seconds(9))
        #expect(backoff.delay(failures: 9, jitter: 1) == .seconds(300))
    }
}
