// SPDX-License-Identifier: Apache-2.0
import MetricsText
import Testing

@testable import StatsDExporter

@Suite struct LineParserTests {
    @Test(arguments: [
        ("a.b:11|c", StatsDEvent(kind: .counter, name: "a.b", value: 11)),
        ("a:3|c|@0.1", StatsDEvent(kind: .counter, name: "a", value: 30)),
        ("a:0.5|g", StatsDEvent(kind: .gauge, name: "a", value: 0.5)),
        ("a:+3|g", StatsDEvent(kind: .gauge, name: "a", value: 3, relative: true)),
        ("a:-3|g", StatsDEvent(kind: .gauge, name: "a", value: -3, relative: true)),
        ("a:3|g|@0.1", StatsDEvent(kind: .gauge, name: "a", value: 3)),
        ("a:200|ms", StatsDEvent(kind: .observer, name: "a", value: 0.2)),
        ("a:200|ms|@0.25", StatsDEvent(kind: .observer, name: "a", value: 0.2, times: 4)),
        ("a:200|h", StatsDEvent(kind: .observer, name: "a", value: 200)),
        ("a:200|d", StatsDEvent(kind: .observer, name: "a", value: 200)),
        ("a:1e3|c", StatsDEvent(kind: .counter, name: "a", value: 1000)),
        ("a:1|c|T1656581400", StatsDEvent(kind: .counter, name: "a", value: 1)),
        ("a:1|c|@0", StatsDEvent(kind: .counter, name: "a", value: 1)),
    ])
    func `a sample becomes an event`(line: String, event: StatsDEvent) {
        let (events, tally) = parse(line)
        #expect(events == [event])
        #expect(tally == LineTally(lines: 1, samples: 1))
    }

    @Test(arguments: [
        "a:1|c|#x:1,y:b c", "a:1|c|#x:1,#y:b c", "a:1|c|@1|#x:1,y:b c", "a,x=1,y=b c:1|c", "a#x=1,y=b c:1|c",
        "a[x=1,y=b c]:1|c",
    ])
    func `tags are understood in each dialect`(line: String) {
        let (events, tally) = parse(line)
        let tags = [Label("x", "1"), Label("y", "b c")]
        #expect(events == [StatsDEvent(kind: .counter, name: "a", tags: tags, value: 1)])
        #expect(tally.tagged == 1)
        #expect(tally.tagErrors == 0)
    }

    @Test func `the name around SignalFX tags is joined`() {
        #expect(parse("a.[x=1]b:1|c").0.map(\.name) == ["a.b"])
    }

    @Test func `a dialect that is switched off leaves its tags alone`() {
        var dialects = TagDialects()
        dialects.dogStatsD = false
        #expect(parse("a:1|c|#x:1", dialects).0.map(\.tags) == [[]])
        dialects = TagDialects()
        dialects.influxDB = false
        #expect(parse("a,x=1:1|c", dialects).0.map(\.name) == ["a,x=1"])
        dialects = TagDialects()
        dialects.librato = false
        #expect(parse("a#x=1:1|c", dialects).0.map(\.name) == ["a#x=1"])
        dialects = TagDialects()
        dialects.signalFX = false
        #expect(parse("a[x]:1|c", dialects).0.map(\.name) == ["a[x]"])
    }

    @Test func `tag names are made to fit, and of two with one name the later wins`() {
        let (events, _) = parse("a:1|c|#x-y:1,2nd:b,x_y:3")
        #expect(events.map(\.tags) == [[Label("_2nd", "b"), Label("x_y", "3")]])
    }

    @Test(arguments: [
        ("a:1|c|#", 0), ("a:1|c|#x", 1), ("a:1|c|#x:", 1), ("a:1|c|#:y", 1), ("a:1|c|#x:1,,y:2", 1), ("a,x:1|c", 1),
        ("a]:1|c", 1), ("a[:1|c", 1), ("a]x=1[:1|c", 1),
    ])
    func `tags that are none are counted and the sample is kept`(line: String, errors: Int) {
        let (events, tally) = parse(line)
        #expect(events.count == 1)
        #expect(tally.tagErrors == errors)
    }

    @Test func `a line may hold several samples`() {
        let (events, tally) = parse("a:1|c:2|g:300|ms")
        #expect(events.map(\.kind) == [.counter, .gauge, .observer])
        #expect(events.map(\.value) == [1, 2, 0.3])
        #expect(tally.samples == 3)
    }

    @Test func `an aggregated line holds several values of one sample`() {
        let (events, tally) = parse("a:1:2:3|h|@0.5|#x:1")
        #expect(events.map(\.value) == [1, 2, 3])
        #expect(events.allSatisfy { $0.times == 2 && $0.tags == [Label("x", "1")] })
        #expect(tally.samples == 3)
    }

    @Test func `the container that sent a sample is a tag`() {
        #expect(parse("a:1|c|c:abc").0.map(\.tags) == [])
        #expect(parse("a:1|c|#x:1|c:abc").0.map(\.tags) == [[Label("x", "1"), Label("container_id", "abc")]])
    }

    @Test(arguments: [
        ("a", SampleError.malformedLine), (":1|c", .malformedLine), ("a:1", .notEnoughParts), ("a:", .notEnoughParts),
        ("a:x|c", .malformedValue), ("a:|c", .malformedValue), ("a: 1|c", .malformedValue),
        ("a:nan|c", .malformedValue),
        ("a:inf|ms", .malformedValue), ("a:1|s", .illegalEvent), ("a:1|x", .illegalEvent), ("a:1|", .illegalEvent),
        ("a:1|c||", .malformedComponent), ("a:1|c|@1|@1|@1|@1|@1", .malformedComponent),
        ("a:1|c|x", .invalidSampleFactor),
        ("a:1|c|@x", .invalidSampleFactor), ("a:1:2|c", .invalidExtendedAggregate),
        ("a:1|ms|@1e-9", .invalidSampleFactor),
        ("a,x=1:1|c|#y:2", .mixedTaggingStyles), ("a:1|c|#x:1|c:", .malformedContainerID),
    ])
    func `what is not understood is counted by its reason`(line: String, error: SampleError) {
        let (_, tally) = parse(line)
        #expect(tally.errors == [error: 1])
    }

    @Test func `a line that is not UTF-8 is malformed`() {
        var events: [StatsDEvent] = []
        var tally = LineTally()
        LineParser().parse(packet: [0x61, 0xFF, 0x3A, 0x31, 0x7C, 0x63], into: &events, &tally)
        #expect(events.isEmpty)
        #expect(tally.errors == [.malformedLine: 1])
    }

    @Test func `a packet may hold several lines and empty ones`() {
        let (events, tally) = parse("a:1|c\n\nb:2|c\nbroken\n")
        #expect(events.map(\.name) == ["a", "b"])
        #expect(tally.lines == 3)
        #expect(tally.errors == [.malformedLine: 1])
    }

    @Test(arguments: [
        ("foo.bar", "foo_bar"), ("a-b", "a_b"), ("a--b---c", "a_b_c"), ("9a", "_9a"), ("é.b", "__b"), ("", ""),
        ("a_1", "a_1"),
        ("..", "__"),
    ])
    func `names are made to fit`(name: String, escaped: String) {
        #expect(MetricName.escaped(name) == escaped)
    }

    private func parse(_ text: String, _ dialects: TagDialects = TagDialects()) -> ([StatsDEvent], LineTally) {
        var events: [StatsDEvent] = []
        var tally = LineTally()
        LineParser(dialects: dialects).parse(packet: Array(text.utf8), into: &events, &tally)
        return (events, tally)
    }
}
