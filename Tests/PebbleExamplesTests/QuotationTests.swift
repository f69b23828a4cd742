// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import Testing

/// What the pages show is what is compiled and run here.
@Suite struct QuotationTests {
    @Test(arguments: [
        ("docs/reference/pebble-client.md", "Examples/pebble-libraries/ClientExamples.swift"),
        ("docs/reference/pebble-plan.md", "Examples/pebble-libraries/PlanExamples.swift"),
    ])
    func `every Swift example of a page is in the source that is compiled`(page: String, source: String) throws {
        let text = try read(source)
        let examples = swiftBlocks(of: try read(page)).filter { !$0.hasPrefix(".package(") }
        #expect(examples.count >= 5)
        for example in examples {
            #expect(text.contains("\n\(example)\n"), "not in \(source):\n\(example)")
        }
        let functions = text.split(separator: "\n").filter { $0.hasPrefix("public func ") }.count
        #expect(
            examples.joined(separator: "\n").components(of: "public func ") == functions,
            "\(page) shows all of them"
        )
    }

    private func read(_ path: String) throws(SystemError) -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(decoding: try FileBytes.read("/\(root)/\(path)"), as: UTF8.self)
    }

    private func swiftBlocks(of page: String) -> [String] {
        var blocks: [String] = []
        var block: [Substring]?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```swift" {
                block = []
            } else if line == "```", let lines = block {
                blocks.append(lines.joined(separator: "\n"))
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
