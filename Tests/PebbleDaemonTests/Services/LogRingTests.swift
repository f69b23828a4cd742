// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct LogRingTests {
    private let now = Timestamp(seconds: 1)

    private func texts(_ lines: [LogRing.Line]) -> [String] {
        lines.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    private func append(_ text: String, to ring: inout LogRing) {
        Array(text.utf8).withUnsafeBytes { ring.append($0, now: now) }
    }

    @Test func `lines come out whole however they came in`() {
        var ring = LogRing(service: "a")
        for piece in ["on", "e\ntw", "o\n", "\n", "three"] { append(piece, to: &ring) }
        #expect(texts(ring.lines(from: 0).lines) == ["one", "two", ""])
        #expect(texts(ring.last(nil).lines) == ["one", "two", "", "three"])
        ring.finishPartial(now: now)
        #expect(texts(ring.lines(from: 0).lines) == ["one", "two", "", "three"])
    }

    @Test func `the oldest go when it is full, and a follower goes on with the oldest left`() {
        var ring = LogRing(service: "a", capacity: 1000)
        for number in 0..<500 { append("line \(number)\n", to: &ring) }
        let all = texts(ring.last(nil).lines)
        #expect(all.last == "line 499")
        #expect(all.count < 30)
        let (lines, next) = ring.lines(from: 3)
        #expect(texts(lines) == all)
        #expect(next == 500)
        #expect(ring.lines(from: next).lines.isEmpty)
    }

    @Test func `what wraps around the end of the storage is whole`() {
        var ring = LogRing(service: "a", capacity: 300)
        for number in 0..<100 {
            let text = String(repeating: Character(Unicode.Scalar(UInt8(97 + number % 26))), count: 70)
            append(text + "\n", to: &ring)
            #expect(texts(ring.last(1).lines) == [text])
        }
    }

    @Test func `one large piece leaves its end`() {
        var ring = LogRing(service: "a")
        append((0..<50_000).map { "line \($0)\n" }.joined(), to: &ring)
        let all = texts(ring.last(nil).lines)
        #expect(all.last == "line 49999")
        #expect(all.count > 1000)
        let numbers = all.compactMap { Int($0.dropFirst(5)) }
        #expect(numbers == Array((50_000 - all.count)..<50_000))
    }

    @Test func `a line without end is cut into pieces and takes no more room than others`() {
        var ring = LogRing(service: "a")
        for _ in 0..<100 { append(String(repeating: "x", count: 5000), to: &ring) }
        append("\n", to: &ring)
        let lines = texts(ring.last(nil).lines)
        #expect(lines.allSatisfy { $0.utf8.count <= LogRing.maximumLine })
        #expect(lines.joined().utf8.count <= 100 << 10)
        #expect(lines.count > 10)
    }

    @Test func `the last few are the last few`() {
        var ring = LogRing(service: "a")
        for number in 0..<40 { append("\(number)\n", to: &ring) }
        #expect(texts(ring.last(3).lines) == ["37", "38", "39"])
        #expect(ring.last(0).lines.isEmpty)
        #expect(ring.last(0).next == 40)
    }

    @Test func `what is cleared is gone, and a follower goes on with what comes then`() {
        var ring = LogRing(service: "a", capacity: 300)
        for number in 0..<50 { append("line \(number)\n", to: &ring) }
        append("begun", to: &ring)
        let next = ring.endPosition
        ring.clear()
        #expect(ring.last(nil).lines.isEmpty)
        #expect(ring.endPosition == next)
        #expect(ring.lines(from: 3).next == next)
        append("new\nlines\n", to: &ring)
        #expect(texts(ring.lines(from: next).lines) == ["new", "lines"])
        #expect(texts(ring.last(nil).lines) == ["new", "lines"])
    }

    @Test func `pieces of any size leave the same lines`() {
        let text = (0..<300).map { String(repeating: "x", count: $0 * 7 % 120) + "\($0)\n" }.joined()
        var whole = LogRing(service: "a", capacity: 5000)
        append(text, to: &whole)
        for size in [1, 2, 3, 10, 119, 4096] {
            var ring = LogRing(service: "a", capacity: 5000)
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { ring.append($0, now: now) }
            }
            #expect(texts(ring.last(nil).lines) == texts(whole.last(nil).lines))
            #expect(texts(ring.last(1).lines).first?.hasSuffix("299") == true)
        }
    }
}
