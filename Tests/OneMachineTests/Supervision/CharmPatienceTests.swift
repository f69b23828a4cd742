// SPDX-License-Identifier: Apache-2.0
import Testing
import UnitAgent

@testable import OneMachine

@Suite struct CharmPatienceTests {
    @Test(arguments: [
        ("maintenance", "paused: back at five", "back at five"), ("maintenance", "starting Indico", nil),
        ("active", "paused: no", nil), ("maintenance", "paused: ", ""),
    ])
    func `a paused site is told from one at work`(status: String, message: String, told: String?) {
        let workload = EntityStatus(status: status, message: message, since: "2026-01-31T03:00:00Z")
        #expect(CharmPatience.pausedMessage(workload) == told)
    }
}
