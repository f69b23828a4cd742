// SPDX-License-Identifier: Apache-2.0
import PebblePlan

/// What a replan has to stop and start.
struct ReplanDecision: Equatable, Sendable {
    var stop: [String]
    var start: [String]

    /// Compares what runs, by the configuration it was started with, with what the plan says.
    ///
    /// Changed services stop and start, whether enabled or not; enabled ones start in any case.
    init(plan: Plan, running: [String: Service]) {
        let changed = running.filter { name, config in
            guard let planned = plan.services[name] else { return false }
            return planned != config
        }.keys.sorted()
        stop = changed
        start = Set(changed).union(plan.defaultServiceNames).sorted()
    }
}
