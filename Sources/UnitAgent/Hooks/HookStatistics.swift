// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import Synchronization

/// What became of the hooks and actions an agent has run since it started, for whoever watches it.
///
/// ```swift
/// let agent = UnitAgent(configuration: configuration)
/// for (name, count) in agent.statistics.snapshot().hooks { print(name, count.succeeded, count.failed) }
/// ```
public final class HookStatistics: Sendable {
    /// The runs of one hook, or of one action.
    public struct Count: Sendable, Equatable {
        /// Runs that ended well and were committed.
        public var succeeded = 0
        /// Runs that did not.
        public var failed = 0
        /// The time all of them took.
        public var time = Duration.zero

        package init() {}
    }

    /// All counts at one instant.
    public struct Snapshot: Sendable, Equatable {
        /// The runs by the name of the hook; actions as `action-NAME`.
        public var hooks: [String: Count] = [:]
        /// How often the hook that is due next has failed since it last ended well.
        public var failuresInRow = 0

        package init() {}
    }

    private let state = Mutex(Snapshot())

    init() {}

    /// The counts as they are now.
    ///
    /// - Returns: A copy.
    public func snapshot() -> Snapshot { state.withLock { $0 } }

    /// Counts a run.
    func record(_ event: HookEvent, took time: Duration, succeeded: Bool) {
        let name = event.isAction ? "action-\(event.name)" : event.name
        state.withLock { state in
            state.hooks[name, default: Count()].time += time
            if succeeded {
                state.hooks[name, default: Count()].succeeded += 1
            } else {
                state.hooks[name, default: Count()].failed += 1
            }
            if !event.isAction { state.failuresInRow = succeeded ? 0 : state.failuresInRow + 1 }
        }
    }
}
