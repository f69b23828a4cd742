// SPDX-License-Identifier: Apache-2.0

/// Finds the glob rule for a name: a tree of dotted fields, walked along both the literal and the `*` branch.
struct GlobMatcher: Sendable {
    /// A rule that matched and what its stars stood for.
    struct Match: Sendable, Equatable {
        /// The rule's place in the file.
        let rule: Int
        /// What each `*` stood for, in order.
        let captures: [Substring]
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var star: Int?
        /// The rules that end here, in the order of the file.
        var rules: [(rule: Int, kind: EventKind?)] = []
    }

    private var nodes = [Node()]
    private let literalsFirst: Bool

    /// Creates an empty tree.
    ///
    /// - Parameter literalsFirst: Whether a literal field wins over `*`; otherwise the rule that comes first wins.
    init(literalsFirst: Bool) {
        self.literalsFirst = literalsFirst
    }

    /// Adds a rule; rules are added in the order of the file.
    mutating func add(_ pattern: String, rule: Int, kind: EventKind?) {
        var node = 0
        for field in pattern.split(separator: ".", omittingEmptySubsequences: false) {
            if let next = field == "*" ? nodes[node].star : nodes[node].literals[String(field)] {
                node = next
                continue
            }
            nodes.append(Node())
            let next = nodes.count - 1
            if field == "*" {
                nodes[node].star = next
            } else {
                nodes[node].literals[String(field)] = next
            }
            node = next
        }
        nodes[node].rules.append((rule, kind))
    }

    /// One step of the tree: from one place to another by a field of a name.
    var edges: [(from: Int, field: String, to: Int)] {
        nodes.enumerated().flatMap { place, node in
            node.literals.sorted { $0.key < $1.key }.map { (place, $0.key, $0.value) }
                + (node.star.map { [(place, "*", $0)] } ?? [])
        }
    }

    /// The places where rules end.
    var ends: [Int] { nodes.indices.filter { !nodes[$0].rules.isEmpty } }

    /// Finds the rule for a name.
    func match(_ name: String, kind: EventKind) -> Match? {
        let fields = name.split(separator: ".", omittingEmptySubsequences: false)
        var captures: [Substring] = []
        var best: Match?
        walk(0, fields[...], kind, &captures, &best)
        return best
    }

    private func walk(
        _ node: Int,
        _ fields: ArraySlice<Substring>,
        _ kind: EventKind,
        _ captures: inout [Substring],
        _ best: inout Match?
    ) {
        guard let field = fields.first else {
            let ending = nodes[node].rules.first { $0.kind == nil || $0.kind == kind }
            if let rule = ending?.rule, best.map({ rule < $0.rule }) ?? true {
                best = Match(rule: rule, captures: captures)
            }
            return
        }
        if let next = nodes[node].literals[String(field)] {
            walk(next, fields.dropFirst(), kind, &captures, &best)
            if literalsFirst, best != nil { return }
        }
        if let next = nodes[node].star {
            captures.append(field)
            walk(next, fields.dropFirst(), kind, &captures, &best)
            captures.removeLast()
        }
    }
}
