// SPDX-License-Identifier: Apache-2.0

/// Why a series cannot be kept: its family's name already means something else.
package struct MetricConflict: Error, CustomStringConvertible, Sendable, Equatable {
    /// The name that was asked for.
    package let name: String
    /// The type it was asked for with.
    package let wanted: MetricType
    /// The family that holds the name, or one of the names derived from it.
    package let holder: String
    /// That family's type.
    package let held: MetricType

    /// The conflict in words.
    package var description: String {
        "cannot keep \(wanted.rawValue) \"\(name)\": the name belongs to \(held.rawValue) \"\(holder)\""
    }
}

/// Families that come into being as their first series does: the registry of an exporter.
///
/// A plain value; what shares it guards it with a `Mutex`.
package struct MetricStore: Sendable {
    /// A series' place in its store, for updating it without looking it up again.
    ///
    /// It stays good until the series is removed.
    package struct SeriesID: Hashable, Sendable {
        fileprivate let slot: Int
    }

    private struct Family {
        let type: MetricType
        let help: String
        var slots: [LabelSet: Int] = [:]
    }

    private struct Slot {
        let family: String
        let labels: LabelSet
        var value: MetricValue
    }

    private var families: [String: Family] = [:]
    /// Which family writes lines under a name: `x_count` may be a counter's own or a histogram's.
    private var holders: [String: String] = [:]
    private var slots: [Slot?] = []
    private var free: [Int] = []

    /// Creates an empty store.
    package init() {}

    /// How many series there are.
    package var seriesCount: Int { slots.count - free.count }

    /// How many families of each type there are.
    package var familyCounts: [MetricType: Int] {
        families.values.reduce(into: [:]) { $0[$1.type, default: 0] += 1 }
    }

    /// Finds a series, or begins it and, where it is the first, its family.
    ///
    /// - Parameters:
    ///   - name: The family's name.
    ///   - type: The family's type.
    ///   - help: The family's help, used when it begins.
    ///   - labels: The series' labels.
    ///   - initial: The value a new series begins with.
    /// - Returns: Where the series is.
    /// - Throws: `MetricConflict` when the name, or a line the type would write, belongs to another family.
    package mutating func series(
        _ name: String,
        _ type: MetricType,
        help: String,
        labels: LabelSet,
        startingAt initial: @autoclosure () -> MetricValue = .number(0)
    ) throws(MetricConflict) -> SeriesID {
        if let family = families[name] {
            guard family.type == type else {
                throw MetricConflict(name: name, wanted: type, holder: name, held: family.type)
            }
            if let slot = family.slots[labels] { return SeriesID(slot: slot) }
        } else {
            try claim(name, type, help)
        }
        let slot = place(Slot(family: name, labels: labels, value: initial()))
        families[name]?.slots[labels] = slot
        return SeriesID(slot: slot)
    }

    /// Reads or replaces a series' value; a removed series reads as nil and takes no value.
    package subscript(_ id: SeriesID) -> MetricValue? {
        get { slots[id.slot]?.value }
        set {
            guard let newValue else { return }
            slots[id.slot]?.value = newValue
        }
    }

    /// Adds to a series that is a plain number.
    package mutating func add(_ amount: Double, to id: SeriesID) {
        guard case .number(let value)? = slots[id.slot]?.value else { return }
        slots[id.slot]?.value = .number(value + amount)
    }

    /// Counts an observation in a series that is a histogram.
    package mutating func observe(_ amount: Double, in id: SeriesID) {
        guard case .histogram(var value)? = slots[id.slot]?.value else { return }
        // The slot lets go of its copy first, so that counting does not copy the buckets.
        slots[id.slot]?.value = .number(0)
        value.observe(amount)
        slots[id.slot]?.value = .histogram(value)
    }

    /// Forgets a series, and its family with the last one.
    package mutating func remove(_ id: SeriesID) {
        guard let slot = slots[id.slot] else { return }
        slots[id.slot] = nil
        free.append(id.slot)
        families[slot.family]?.slots[slot.labels] = nil
        if let family = families[slot.family], family.slots.isEmpty {
            families[slot.family] = nil
            for line in Self.lineNames(slot.family, family.type) { holders[line] = nil }
        }
    }

    /// Forgets every series that `condition` holds for.
    package mutating func removeAll(where condition: (_ family: String, _ labels: LabelSet) -> Bool) {
        for (place, slot) in slots.enumerated() {
            if let slot, condition(slot.family, slot.labels) { remove(SeriesID(slot: place)) }
        }
    }

    /// All families as they are now.
    package func snapshot() -> [MetricFamily] {
        families.map { name, family in
            MetricFamily(
                name,
                family.type,
                help: family.help,
                series: family.slots.compactMap { labels, slot in
                    slots[slot].map { MetricSeries(labels: labels, value: $0.value) }
                }
            )
        }
    }

    private mutating func claim(_ name: String, _ type: MetricType, _ help: String) throws(MetricConflict) {
        let lines = Self.lineNames(name, type)
        for line in lines {
            if let holder = holders[line], let held = families[holder]?.type {
                throw MetricConflict(name: name, wanted: type, holder: holder, held: held)
            }
        }
        for line in lines { holders[line] = name }
        families[name] = Family(type: type, help: help)
    }

    private mutating func place(_ slot: Slot) -> Int {
        if let reused = free.popLast() {
            slots[reused] = slot
            return reused
        }
        slots.append(slot)
        return slots.count - 1
    }

    private static func lineNames(_ name: String, _ type: MetricType) -> [String] {
        switch type {
        case .counter, .gauge, .untyped: [name]
        case .summary: [name, name + "_sum", name + "_count"]
        case .histogram: [name, name + "_bucket", name + "_sum", name + "_count"]
        }
    }
}
