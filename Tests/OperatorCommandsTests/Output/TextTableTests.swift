// SPDX-License-Identifier: Apache-2.0
import OperatorCommands
import Testing

@Suite struct TextTableTests {
    @Test func `columns are as wide as their widest cell, and no line ends in spaces`() {
        let table = TextTable(header: ["A", "Longer"], rows: [["wide cell", ""], ["x", "y"]])
        #expect(table.lines() == ["A          Longer", "wide cell", "x          y"])
    }

    @Test func `a line too long for the terminal is cut with a mark`() {
        let table = TextTable(header: ["Message"], rows: [["0123456789"]])
        #expect(table.lines(width: 8) == ["Message", "0123456…"])
    }
}
