// SPDX-License-Identifier: Apache-2.0

/// Columns of text, two spaces apart, as Juju's tables are.
package struct TextTable: Hashable, Sendable {
    package var header: [String]
    package var rows: [[String]]

    package init(header: [String], rows: [[String]] = []) {
        self.header = header
        self.rows = rows
    }

    /// The lines, the last column neither padded nor cut unless `width` is given.
    package func lines(width: Int? = nil) -> [String] {
        // A cell is one line: a message of several would tear the columns apart.
        let all = ([header] + rows).map { $0.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") } }
        let columns = all.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in all.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let isLast = column == row.count - 1
                line += isLast ? text : text + String(repeating: " ", count: widths[column] - text.count + 2)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            guard let width, line.count > width, width > 1 else { return line }
            return line.prefix(width - 1) + "…"
        }
    }
}
