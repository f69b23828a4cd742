// SPDX-License-Identifier: Apache-2.0

import CharmKit
import Testing

@Suite struct StatusTests {
    @Test func `the gravest status wins, of equals the first`() {
        let offered: [Status] = [.active(), .waiting("a"), .blocked("b"), .maintenance("c"), .blocked("d")]
        #expect(Status.gravest(offered) == .blocked("b"))
        #expect(Status.gravest([.waiting("a"), .maintenance("c"), .active()]) == .maintenance("c"))
        #expect(Status.gravest([.active("x"), .active("y")]) == .active("x"))
        #expect(Status.gravest([]) == nil)
    }
}
