// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import MetricsServer

@Suite struct StructuredLogTests {
    private static let fields = [("level", "INFO"), ("msg", "said \"no\"\n\u{1}"), ("port", "9102"), ("empty", "")]

    @Test func `logfmt quotes what is not plain`() {
        #expect(
            StructuredLog.line(Self.fields, .logfmt)
                == "level=INFO msg=\"said \\\"no\\\"\\n\\u0001\" port=9102 empty=\"\"\n"
        )
    }

    @Test func `JSON is JSON`() throws {
        let line = StructuredLog.line(Self.fields, .json)
        let read = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(read == Dictionary(uniqueKeysWithValues: Self.fields))
    }

    @Test func `a logger's messages come as lines, the lesser ones not at all`() {
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "x") { _ in
            StructuredLog(.logfmt, level: .info) { line in lines.withLock { $0.append(line) } }
        }
        logger.debug("left out")
        logger.warning("too many", metadata: ["limit": "3"])
        let all = lines.withLock { $0 }
        #expect(all.count == 1)
        #expect(all.first?.hasSuffix(" level=WARN msg=\"too many\" limit=3\n") == true)
        #expect(all.first?.hasPrefix("time=2") == true)
    }
}
