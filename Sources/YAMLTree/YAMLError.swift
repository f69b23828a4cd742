// SPDX-License-Identifier: Apache-2.0

/// Why a text is no YAML that we take, and where.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package var message: String
    /// Where it shows; nil where it is nowhere in particular.
    package var place: YAMLPlace?

    package init(message: String, place: YAMLPlace?) {
        self.message = message
        self.place = place
    }

    package var description: String {
        place.map { "yaml: line \($0.line): \(message)" } ?? "yaml: \(message)"
    }
}

/// How much a YAML text may ask of us.
package struct YAMLLimits: Hashable, Sendable {
    /// How deep values may lie in each other.
    package var depth: Int
    /// How many values there may be, those repeated by aliases counted each time.
    package var nodes: Int

    package init(depth: Int = 100, nodes: Int = 500_000) {
        self.depth = depth
        self.nodes = nodes
    }
}
