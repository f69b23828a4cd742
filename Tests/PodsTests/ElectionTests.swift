// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Pods

@Suite struct ElectionTests {
    private func unit(
        _ number: Int,
        leads: Bool = false,
        reachable: Bool = true,
        connected: Bool = true,
        leaving: Bool = false
    ) -> Election.Candidate {
        Election.Candidate(
            number: number,
            isReachable: reachable,
            leads: leads,
            isConnected: connected,
            isLeaving: leaving
        )
    }

    @Test func `the first unit that answers leads, and goes on leading`() {
        #expect(Election.next([unit(0), unit(1)], lost: []) == 0)
        #expect(Election.next([unit(0), unit(1, leads: true)], lost: []) == nil)
    }

    @Test func `a leader that leaves gives the lead away, unless there is nobody else`() {
        #expect(Election.next([unit(0, leads: true, leaving: true), unit(1)], lost: []) == 1)
        #expect(Election.next([unit(0, leads: true, leaving: true)], lost: []) == nil)
        #expect(Election.next([unit(0, leads: true, leaving: true), unit(1, connected: false)], lost: []) == nil)
    }

    @Test func `a leader that is cut off is waited for, and then another leads`() {
        let cut = unit(0, leads: true, connected: false)
        #expect(Election.next([cut, unit(1), unit(2)], lost: []) == nil)
        #expect(Election.next([cut, unit(1), unit(2)], lost: [0]) == 1)
    }

    @Test func `an agent that does not answer may be the leader's, and is waited for`() {
        #expect(Election.next([unit(0, reachable: false), unit(1)], lost: []) == nil)
        #expect(Election.next([unit(0, reachable: false), unit(1)], lost: [0]) == 1)
    }

    @Test func `two that both believe they lead are put right`() {
        #expect(Election.next([unit(0, leads: true), unit(1, leads: true)], lost: []) == 0)
    }
}
