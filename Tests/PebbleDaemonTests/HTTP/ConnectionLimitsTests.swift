// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PebbleDaemon

@Suite struct ConnectionLimitsTests {
    private let limits = ConnectionLimits(descriptors: 20_000)

    @Test func `many users together cannot keep the administrator out`() {
        let crowd = Dictionary(uniqueKeysWithValues: (1000..<1100).map { (Peer.local(userID: $0), limits.other) })
        #expect(!limits.allow(.local(userID: 2000), daemonUserID: 500, besides: crowd))
        #expect(!limits.allow(.remote, daemonUserID: 500, besides: crowd))
        #expect(limits.allow(.local(userID: 0), daemonUserID: 500, besides: crowd))
        #expect(limits.allow(.local(userID: 500), daemonUserID: 500, besides: crowd))
    }

    @Test func `each user has a bound, which leaves room for another`() {
        let greedy = [Peer.local(userID: 1000): limits.other]
        #expect(!limits.allow(.local(userID: 1000), daemonUserID: 0, besides: greedy))
        #expect(limits.allow(.local(userID: 1001), daemonUserID: 0, besides: greedy))
        #expect(limits.allow(.remote, daemonUserID: 0, besides: greedy))
        #expect(!limits.allow(.local(userID: 0), daemonUserID: 0, besides: [.local(userID: 0): limits.administrator]))
    }

    @Test func `a process that may open little still answers`() {
        let limits = ConnectionLimits(descriptors: 64)
        #expect(limits.allow(.local(userID: 0), daemonUserID: 0, besides: [:]))
        #expect(limits.allow(.remote, daemonUserID: 0, besides: [:]))
        #expect(limits.administrator + limits.others <= 32)
    }
}
