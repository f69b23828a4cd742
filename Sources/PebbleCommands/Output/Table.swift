// SPDX-License-Identifier: Apache-2.0

/// Rows in columns that are as wide as their widest cell, two blanks apart, and three wide at least.
struct Table {
    private var rows: [[String]]

    init(_ header: [String]) {
        rows = [header]
    }

    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    /// The table, one line a row.
    var text: String {
        var widths = [Int](repeating: 3, count: rows.map(\.count).max() ?? 0)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.unicodeScalars.count) }
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.unicodeScalars.count + 2)
                }
            }
            return line + "\n"
        }.joined()
    }
}
