// SPDX-License-Identifier: Apache-2.0

/// Turns a total that its sender repeats into what was added since.
///
/// A total that fell belongs to a sender that began again from nothing, so all of it was added since.
struct RunningTotal: Sendable, Equatable {
    private var last = 0.0

    /// How much was added since the total was told last.
    mutating func growth(to total: Double) -> Double {
        defer { last = total }
        return total >= last ? total - last : total
    }
}
