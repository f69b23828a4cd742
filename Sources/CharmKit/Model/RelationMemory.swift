// SPDX-License-Identifier: Apache-2.0

import HookProtocol
import PebbleAPI

/// What dispatches before this one read of the relations, kept in the unit's stored state.
///
/// Juju tells a charm of every change of a relation by an event of that relation, and tells it again until the hook
/// succeeds. So what was read is still what the charm has been told until such an event comes, and need not be read
/// again. It is forgotten where that reasoning has a gap: see ``forgets(at:)`` and ``isTooOld(_:at:)``.
struct RelationMemory {
    /// What is remembered of one relation.
    struct Entry: Codable, Hashable {
        var application: String?
        var units: [String]?
        /// The databags of others by their owner's word.
        var databags: [String: [String: String]] = [:]
        /// The own databags by their owner's word, long values as marks.
        var own: [String: [String: String]] = [:]

        private enum CodingKeys: String, CodingKey {
            case application = "app"
            case units
            case databags = "data"
            case own
        }
    }

    /// What is remembered beside the relations.
    struct Header: Codable, Hashable {
        /// Raised when what is written here means something else.
        var format = 1
        /// When all was last read anew, in seconds since 1970.
        var since: Int64
        /// The agent's version.
        var agent: String
        /// Whether an endpoint is one of peers, which saves reading `metadata.yaml`; of those somebody had to know.
        var peers: [String: Bool]?
    }

    /// How much text of one endpoint is remembered at most; a value of stored state may have twice as much.
    static let maximumSize = StoredState.maximumValueSize / 2
    static let headerKey = "charmkit.relations"
    static let endpointPrefix = "charmkit.relations."

    /// By endpoint, its relations by number; an endpoint that is not here was not asked for yet.
    var endpoints: [String: [Int: Entry]] = [:]

    static func key(_ endpoint: String) -> String { endpointPrefix + endpoint }

    /// Whether an event is one after which nothing that was remembered counts.
    ///
    /// Between two versions of a charm, or two lives of a pod, another charm may have been told of changes.
    static func forgetsEverything(at event: HookEvent) -> Bool {
        switch event {
        case .install, .start, .upgradeCharm, .preSeriesUpgrade, .postSeriesUpgrade: true
        default: false
        }
    }

    /// Whether an event is one after which the databag of the own application is another's work, for all one knows.
    static func forgetsOwnApplication(at event: HookEvent) -> Bool {
        switch event {
        case .leaderElected, .leaderSettingsChanged: true
        default: false
        }
    }

    /// What is left of it for an event.
    func recalled(for event: HookEvent) -> RelationMemory {
        guard !Self.forgetsEverything(at: event) else { return RelationMemory() }
        var left = self
        // Which relations there are may have changed as well.
        if let relation = event.relation { left.endpoints[relation.id.endpoint] = nil }
        guard Self.forgetsOwnApplication(at: event) else { return left }
        for (endpoint, entries) in left.endpoints {
            left.endpoints[endpoint] = entries.mapValues { entry in
                var entry = entry
                entry.own[Owner.application] = nil
                return entry
            }
        }
        return left
    }

    /// The words owners of databags are known by in what is remembered.
    enum Owner {
        static let application = "app"
        static let unit = "unit"

        /// The word of somebody else; nil for the own databags.
        static func remote(_ owner: DatabagOwner) -> String? {
            switch owner {
            case .remoteApplication: application
            case .remoteUnit(let unit): unit.description
            case .ownApplication, .ownUnit: nil
            }
        }

        /// The word of an own databag; nil for those of others.
        static func own(_ owner: DatabagOwner) -> String? {
            switch owner {
            case .ownApplication: application
            case .ownUnit: unit
            case .remoteApplication, .remoteUnit: nil
            }
        }
    }
}

/// What stands for a value in an own databag: it has to be compared and seldom be read, and may be long.
enum ValueMark {
    private static let longest = 64

    /// The value itself while it is short, or else its length and a hash of 128 bits (FNV-1a).
    static func of(_ value: String) -> String {
        if value.utf8.count <= longest, !value.hasPrefix("#") { return value }
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for byte in value.utf8 { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b }
        return "#\(value.utf8.count)-\(String(hash, radix: 36))"
    }

    /// Whether it is the value itself.
    static func isValue(_ mark: String) -> Bool { !mark.hasPrefix("#") }
}
