// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// Remembers what was decided for a metric, so that rules are matched once for each name and not for each sample.
///
/// When half of its size is new it forgets what was not asked for since the last time: nearly the least recently used,
/// without a list to keep in order.
struct ResolutionCache<Resolution> {
    /// What a decision depends on.
    struct Key: Hashable {
        let kind: EventKind
        let name: String
        let tags: [Label]
    }

    /// How often a decision was asked for.
    private(set) var asked = 0
    /// How often it was known.
    private(set) var known = 0
    /// How many decisions are remembered.
    var count: Int { recent.count + older.keys.count { recent[$0] == nil } }

    private let half: Int
    private var recent: [Key: Resolution] = [:]
    private var older: [Key: Resolution] = [:]

    /// Creates a cache; a size of 0 remembers nothing.
    init(size: Int) {
        half = size == 0 ? 0 : max(1, size / 2)
    }

    /// What was decided, if it is still known.
    mutating func find(_ key: Key) -> Resolution? {
        asked += 1
        if let found = recent[key] {
            known += 1
            return found
        }
        guard let found = older[key] else { return nil }
        known += 1
        remember(found, for: key)
        return found
    }

    /// Remembers a decision.
    mutating func remember(_ resolution: Resolution, for key: Key) {
        if half == 0 { return }
        if recent.count >= half {
            older = recent
            recent = [:]
        }
        recent[key] = resolution
    }

    /// Forgets every decision.
    mutating func forgetAll() {
        recent = [:]
        older = [:]
    }
}
