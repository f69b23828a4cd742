// SPDX-License-Identifier: Apache-2.0

/// Decides which unit leads.
package enum Election {
    /// What is known of a unit.
    package struct Candidate: Sendable, Equatable {
        package var number: Int
        /// Whether its agent answers; of one that does not, it is not known whether it leads.
        package var isReachable: Bool
        package var leads: Bool
        /// Whether its pod answers over the network, as other units would find it.
        package var isConnected: Bool
        /// Whether it is to go, or its pod to be replaced.
        package var isLeaving: Bool

        package init(number: Int, isReachable: Bool, leads: Bool, isConnected: Bool, isLeaving: Bool) {
            self.number = number
            self.isReachable = isReachable
            self.leads = leads
            self.isConnected = isConnected
            self.isLeaving = isLeaving
        }

        var mayLead: Bool { isReachable && isConnected && !isLeaving }
    }

    /// Chooses the unit that is to lead from now on.
    ///
    /// Whoever carries it out must first have every other unit step down, and may not go on when one cannot be made to.
    ///
    /// - Parameters:
    ///   - candidates: All units there are.
    ///   - lost: The units that have been away for as long as a leader is given.
    /// - Returns: The unit's number; nil when nothing is to change.
    package static func next(_ candidates: [Candidate], lost: Set<Int>) -> Int? {
        let leaders = candidates.filter { $0.isReachable && $0.leads }
        if leaders.count == 1, let leader = leaders.first {
            if leader.mayLead { return nil }
            // One that is cut off for a moment is given time to come back.
            guard leader.isLeaving || lost.contains(leader.number) else { return nil }
        } else if leaders.isEmpty, candidates.contains(where: { !$0.isReachable && !lost.contains($0.number) }) {
            // It may be the leader's agent that only starts again.
            return nil
        }
        return candidates.filter(\.mayLead).map(\.number).min()
    }
}
