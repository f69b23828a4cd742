// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// The last output of a service: whole lines, oldest dropped first, bounded in bytes.
///
/// What is dropped is counted by position, so that a follower that fell behind goes on at the oldest line left.
struct LogRing: Sendable {
    /// One line as it is kept.
    struct Line: Equatable, Sendable {
        var time: Timestamp
        var bytes: ArraySlice<UInt8>
    }

    private struct Entry {
        var time: Timestamp
        /// Where the line is in `storage`; it may wrap around the end.
        var start: Int
        var count: Int
    }

    /// What each line costs beside its text: the time and name it is shown with.
    private let prefixSize: Int
    private let capacity: Int
    private var storage: [UInt8]
    private var writeIndex = 0
    private var used = 0
    private var entries: [Entry] = []
    /// How many entries at the front of `entries` are dropped; they are removed now and then, not one by one.
    private var firstEntry = 0
    /// The number of the oldest line kept, counting from the first ever.
    private(set) var firstPosition = 0
    private var partial: [UInt8] = []
    private var partialTime: Timestamp?

    /// Longer lines are cut into several.
    static let maximumLine = 4096

    init(service: String, capacity: Int = 100 << 10) {
        self.capacity = capacity
        prefixSize = "2006-01-02T15:04:05.000Z [] ".utf8.count + service.utf8.count
        storage = []
    }

    /// The number the next line will get.
    var endPosition: Int { firstPosition + entries.count - firstEntry }

    /// Takes output in as it came, in pieces of any size.
    mutating func append(_ bytes: UnsafeRawBufferPointer, now: Timestamp) {
        var rest = bytes
        // What would be pushed out again by what follows it in the same piece need not go in.
        if rest.count > capacity + Self.maximumLine, partial.isEmpty {
            let tail = rest.from(rest.count - capacity)
            if let newline = tail.newline { rest = tail.from(newline + 1) }
        }
        while let newline = rest.newline {
            finishLine(rest.upTo(newline), now)
            rest = rest.from(newline + 1)
        }
        if !rest.isEmpty {
            if partial.isEmpty { partialTime = now }
            partial.append(contentsOf: rest)
            while partial.count + prefixSize >= Self.maximumLine {
                let piece = partial.prefix(Self.maximumLine - prefixSize)
                store(piece, partialTime ?? now)
                partial.removeFirst(piece.count)
            }
        }
    }

    /// Ends a line that was left without a newline when its process ended.
    mutating func finishPartial(now: Timestamp) {
        guard !partial.isEmpty else { return }
        let line = partial
        partial = []
        store(line[...], partialTime ?? now)
    }

    /// Drops everything; positions go on from where they are.
    mutating func clear() {
        (firstPosition, firstEntry, entries) = (endPosition, 0, [])
        (storage, used, writeIndex) = ([], 0, 0)
        (partial, partialTime) = ([], nil)
    }

    private mutating func finishLine(_ bytes: UnsafeRawBufferPointer, _ now: Timestamp) {
        if partial.isEmpty, bytes.count + prefixSize < Self.maximumLine {
            store(bytes, now)
            return
        }
        var line = partial + bytes
        let time = partial.isEmpty ? now : partialTime ?? now
        partial = []
        while line.count + prefixSize >= Self.maximumLine {
            store(line.prefix(Self.maximumLine - prefixSize), time)
            line.removeFirst(Self.maximumLine - prefixSize)
        }
        store(line[...], time)
    }

    private mutating func store(_ bytes: ArraySlice<UInt8>, _ time: Timestamp) {
        bytes.withUnsafeBytes { store($0, time) }
    }

    private mutating func store(_ bytes: UnsafeRawBufferPointer, _ time: Timestamp) {
        let cost = bytes.count + prefixSize + 1
        guard cost <= capacity else { return }
        if storage.isEmpty { storage = [UInt8](repeating: 0, count: capacity) }
        while used + cost > capacity { dropOldest() }
        let start = writeIndex
        let first = min(bytes.count, capacity - start)
        storage.withUnsafeMutableBytes { target in
            guard let source = bytes.baseAddress, let base = target.baseAddress else { return }
            memcpy(base + start, source, first)
            if first < bytes.count { memcpy(base, source + first, bytes.count - first) }
        }
        writeIndex = (start + bytes.count) % capacity
        used += cost
        entries.append(Entry(time: time, start: start, count: bytes.count))
    }

    private mutating func dropOldest() {
        used -= entries[firstEntry].count + prefixSize + 1
        firstEntry += 1
        firstPosition += 1
        if firstEntry > 1024, firstEntry * 2 > entries.count {
            entries.removeFirst(firstEntry)
            firstEntry = 0
        }
    }

    /// The lines from a position on, at most `limit`, and the position after the last of them.
    func lines(from position: Int, limit: Int = .max) -> (lines: [Line], next: Int) {
        let begin = max(position, firstPosition)
        let end = min(endPosition, limit == .max ? endPosition : begin + limit)
        guard begin < end else { return ([], max(position, firstPosition)) }
        return ((begin..<end).map(line(at:)), end)
    }

    /// The last lines, and the position after them.
    ///
    /// A line not ended yet is shown as it is, and again when it ends.
    func last(_ count: Int?) -> (lines: [Line], next: Int) {
        var lines = lines(from: count.map { max(firstPosition, endPosition - $0) } ?? firstPosition).lines
        if let partialTime, !partial.isEmpty, count != 0 {
            lines.append(Line(time: partialTime, bytes: partial[...]))
            if let count, lines.count > count { lines.removeFirst() }
        }
        return (lines, endPosition)
    }

    private func line(at position: Int) -> Line {
        let entry = entries[firstEntry + position - firstPosition]
        let end = entry.start + entry.count
        if end <= capacity { return Line(time: entry.time, bytes: storage[entry.start..<end]) }
        return Line(time: entry.time, bytes: (storage[entry.start...] + storage[..<(end - capacity)]))
    }
}

extension UnsafeRawBufferPointer {
    /// Where the first line ends.
    ///
    /// Found by the C library, many bytes at a time: to look for it is most of what a line costs.
    fileprivate var newline: Int? {
        guard let base = baseAddress, let found = memchr(base, Int32(UInt8(ascii: "\n")), count) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    fileprivate func upTo(_ end: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[..<end]) }

    fileprivate func from(_ start: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[start...]) }
}
