// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MetricsText

@Suite struct MetricsDocumentTests {
    @Test func `what is written reads back`() throws {
        var family = MetricFamily("a_total", .counter, help: "Help with \"quotes\".")
        family.append(11, ["worker": "1", "path": "a\\b\n\"c\"}"])
        family.append(0.25, ["worker": "2"])
        let document = try MetricsDocument(TextFormat(.openMetrics).render([family]))
        #expect(document.value("a_total", ["worker": "1", "path": "a\\b\n\"c\"}"]) == 11)
        #expect(document.sum("a_total") == 11.25)
        #expect(document.sum("a_total", ["worker": "2"]) == 0.25)
        #expect(document.sum("b_total") == nil)
        #expect(document.types == ["a": "counter"])
    }

    @Test func `timestamps, blanks and infinities are understood`() throws {
        let document = try MetricsDocument("a 1 1700000000000\n\na_bucket{le=\"+Inf\",}  +Inf\nb NaN\n")
        #expect(document.value("a") == 1)
        #expect(document.value("a_bucket", ["le": "+Inf"]) == .infinity)
        #expect(document.value("b")?.isNaN == true)
    }

    @Test(arguments: ["a", "a x", "{} 1", "a{b=\"c\" 1", "a{b=c} 1", "a{b} 1", "a{b=\"c} 1"])
    func `a line that is not in the format is named`(line: String) {
        do {
            _ = try MetricsDocument("ok 1\n" + line + "\n")
            Issue.record("\(line) was read")
        } catch {
            #expect(error.line == 2)
        }
    }
}
