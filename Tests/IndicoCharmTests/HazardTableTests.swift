// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Testing

/// Holds `docs/reference/hazards.md` against the tests it names.
@Suite struct HazardTableTests {
    private let directory = URL(filePath: #filePath).deletingLastPathComponent()

    /// The titles of the tests, by each of the numbers they begin with.
    private func titles() throws -> [String: Set<String>] {
        var titles: [String: Set<String>] = [:]
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            $0.hasPrefix("Hazard") && $0 != "HazardTableTests.swift"
        }
        for file in files {
            let text = try String(contentsOf: directory.appending(path: file), encoding: .utf8)
            for line in text.split(separator: "\n") where line.contains("func `H") {
                let title = line.split(separator: "`")[1]
                for number in title.prefix(while: { $0 != ":" }).split(separator: " ") {
                    titles[String(number), default: []].insert(String(title))
                }
            }
        }
        return titles
    }

    /// What the table says shows each number.
    private func table() throws -> [String: Set<String>] {
        let page = directory.appending(path: "../../docs/reference/hazards.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| H") }
        let rows = lines.map { $0.split(separator: "|").map { $0.drop { $0 == " " } } }
        return Dictionary(
            rows.map { row in
                let quoted = (row.last ?? "").split(separator: "`", omittingEmptySubsequences: false)
                let titles = quoted.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
                return (String(row[0].prefix(3)), Set(titles))
            },
            uniquingKeysWith: { $0.union($1) }
        )
    }

    @Test func `the table has each number, and names the tests that show it`() throws {
        let (titles, table) = (try titles(), try table())
        let numbers = [1...8, 10...18, 20...35, 40...47, 50...63].joined().map {
            "H" + ($0 < 10 ? "0" : "") + String($0)
        }
        #expect(Set(table.keys) == Set(numbers))
        #expect(Set(titles.keys) == Set(numbers))
        for number in numbers {
            #expect(titles[number] == table[number], "\(number)")
        }
    }
}
