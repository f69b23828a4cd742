// SPDX-License-Identifier: Apache-2.0

/// One label of a series: a name and what it says here.
package struct Label: Hashable, Sendable {
    /// The label's name, such as `worker`.
    package let name: String
    /// The label's value; any text, the renderer escapes it.
    package let value: String

    /// Creates a label.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The labels that tell one series of a family from another.
///
/// Kept sorted by name and free of repeats, so that equal sets are equal values and a rendered family has one order.
package struct LabelSet: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// The labels, by name.
    package private(set) var labels: [Label]

    /// Creates a set from labels in any order; of two with one name the later wins.
    package init(_ labels: some Sequence<Label> = []) {
        self.labels = []
        for label in labels { set(label.name, to: label.value) }
    }

    /// Creates a set from names and values, the later of two equal names winning.
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Label($0.0, $0.1) })
    }

    /// The value of the label called `name`.
    package subscript(name: String) -> String? {
        labels.first { $0.name == name }?.value
    }

    /// Gives the label called `name` a value, adding it where it is missing.
    package mutating func set(_ name: String, to value: String) {
        var place = labels.startIndex
        while place < labels.endIndex, labels[place].name < name { place += 1 }
        if place < labels.endIndex, labels[place].name == name {
            labels[place] = Label(name, value)
        } else {
            labels.insert(Label(name, value), at: place)
        }
    }
}

extension LabelSet: Comparable {
    /// Orders sets label by label, names before values.
    package static func < (left: LabelSet, right: LabelSet) -> Bool {
        for (mine, theirs) in zip(left.labels, right.labels) where mine != theirs {
            return (mine.name, mine.value) < (theirs.name, theirs.value)
        }
        return left.labels.count < right.labels.count
    }
}
