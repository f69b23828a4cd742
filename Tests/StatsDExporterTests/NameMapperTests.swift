// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StatsDExporter

@Suite struct NameMapperTests {
    @Test func `stars stand for fields and fill names and labels`() throws {
        let mapper = try mapper(
            """
            - match: "*.signup.*.*"
              name: "signup_events_total"
              labels: {provider: "$2", outcome: "$3", job: "${1}_server", unknown: "$9", price: "5$"}
            """
        )
        let match = try #require(mapper.match("foo.signup.facebook.failure", kind: .counter))
        #expect(match.name == "signup_events_total")
        #expect(
            match.labels == [
                "provider": "facebook", "outcome": "failure", "job": "foo_server", "unknown": "", "price": "5$",
            ]
        )
        #expect(mapper.match("foo.signup.facebook", kind: .counter) == nil)
        #expect(mapper.match("foo.signup.facebook.failure.x", kind: .counter) == nil)
    }

    @Test func `of the rules that match the first wins`() throws {
        let mapper = try mapper("- {match: a.*.c, name: star}\n- {match: a.b.*, name: literal}")
        #expect(mapper.match("a.b.c", kind: .gauge)?.name == "star")
        #expect(mapper.match("a.b.d", kind: .gauge)?.name == "literal")
    }

    @Test func `with ordering disabled the literal wins, and a dead end is left again`() throws {
        let rules =
            "- {match: a.*.c, name: star}\n- {match: a.b.*, name: literal}\n- {match: x.y.z, name: deep}\n- {match: x.*.w, name: back}"
        let mapper = try mapper(rules, defaults: "glob_disable_ordering: true")
        #expect(mapper.match("a.b.c", kind: .gauge)?.name == "literal")
        #expect(mapper.match("x.y.w", kind: .gauge)?.name == "back")
    }

    @Test func `a rule may ask for one kind of metric`() throws {
        let mapper = try mapper(
            "- {match: a.*, name: counted, match_metric_type: counter}\n- {match: a.*, name: other}"
        )
        #expect(mapper.match("a.b", kind: .counter)?.name == "counted")
        #expect(mapper.match("a.b", kind: .observer)?.name == "other")
    }

    @Test func `regular expressions come after globs, in their order, and match anywhere`() throws {
        let mapper = try mapper(
            """
            - match: '(\\w+)\\.(\\w+)--(.*)\\.count'
              match_type: regex
              name: "${2}_total"
              labels: {whole: "$0", rest: "$3"}
            - {match: '.', match_type: regex, name: dropped, action: drop}
            - {match: a.b--c.count, name: glob}
            """
        )
        let match = try #require(mapper.match("x.y--z.count", kind: .counter))
        #expect(match.name == "y_total")
        #expect(match.labels == ["whole": "x.y--z.count", "rest": "z"])
        #expect(mapper.match("a.b--c.count", kind: .counter)?.name == "glob")
        #expect(mapper.match("anything", kind: .counter)?.rule.action == .drop)
    }

    @Test func `a group that took no part is empty`() throws {
        let mapper = try mapper("- {match: 'a(b)?c', match_type: regex, name: 'x_$1', labels: {b1: '$1'}}")
        #expect(mapper.match("ac", kind: .gauge)?.labels == ["b1": ""])
    }

    private func mapper(_ rules: String, defaults: String = "match_type: glob") throws -> NameMapper {
        try NameMapper(try MappingFile.read("defaults:\n  \(defaults)\nmappings:\n\(rules)\n"))
    }
}
