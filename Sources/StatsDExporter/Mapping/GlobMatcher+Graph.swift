// SPDX-License-Identifier: Apache-2.0

extension GlobMatcher {
    /// The tree in Graphviz's language, for `--debug.dump-fsm`: fields on the edges, places where rules end in green.
    var graph: String {
        var lines = [
            "digraph g {", "rankdir=LR", #"node [label="",style=filled,fillcolor=white,shape=circle]"#,
            ##"0 [color="#a94442",fillcolor="#f2dede"];"##,
        ]
        for edge in edges {
            lines.append("\(edge.from) -> \(edge.to) [label = \"\(edge.field)\"];")
        }
        for end in ends { lines.append("\(end) [color=\"#82B366\",fillcolor=\"#D5E8D4\"];") }
        return lines.joined(separator: "\n") + "\n}\n"
    }
}
