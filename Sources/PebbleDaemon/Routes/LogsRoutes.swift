// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import PebbleAPI

extension API {
    static var logsRoutes: [Route] {
        [Route(.GET, "/v1/logs", .user) { try await $0.showLogs($1) }]
    }

    private func showLogs(_ request: APIRequest) async throws -> APIResponse {
        let follow = request.parameter("follow")
        guard ["", "true", "false"].contains(follow) else {
            throw DaemonError(.invalid, "follow parameter must be \"true\" or \"false\"")
        }
        let text = request.parameter("n")
        let count = text.isEmpty ? (follow == "true" ? 0 : 30) : Int(text) ?? -2
        guard count >= -1 else { throw DaemonError(.invalid, "n must be -1, 0, or a positive integer") }
        let names = request.list("services")
        let logs = await supervisor.serviceLogs(names)
        var reader = LogReader(logs: logs)
        let first = reader.last(count < 0 ? nil : count)
        guard follow == "true" else {
            return APIResponse(status: 200, contentType: "application/x-ndjson", body: .bytes(first))
        }
        let supervisor = supervisor
        let follower = LogFollower(reader: reader, first: first, names: names, supervisor: supervisor)
        return APIResponse(
            status: 200,
            contentType: "application/x-ndjson",
            body: .stream { writer in try await follower.run(writer) }
        )
    }
}

/// Reads several logs as one, in the order of time.
struct LogReader: Sendable {
    private var logs: [ServiceLog]
    private var positions: [String: Int] = [:]

    init(logs: [ServiceLog]) {
        self.logs = logs
    }

    /// Takes in the log of a service that was started meanwhile.
    mutating func add(_ log: ServiceLog) {
        guard !logs.contains(where: { $0.service == log.service }) else { return }
        logs.append(log)
        positions[log.service] = 0
    }

    /// The last lines of all together, from which it goes on.
    mutating func last(_ count: Int?) -> ByteBuffer {
        var lines: [(log: ServiceLog, line: LogRing.Line)] = []
        for log in logs {
            let last = log.last(count)
            positions[log.service] = last.next
            lines += last.lines.map { (log, $0) }
        }
        lines = merged(lines)
        if let count { lines = Array(lines.suffix(count)) }
        return encode(lines)
    }

    /// The lines since, some at a time; empty when there are none.
    mutating func next() -> ByteBuffer {
        var lines: [(log: ServiceLog, line: LogRing.Line)] = []
        for log in logs {
            let next = log.lines(from: positions[log.service] ?? 0, limit: 200)
            positions[log.service] = next.next
            lines += next.lines.map { (log, $0) }
        }
        return encode(merged(lines))
    }

    /// Sorted by time; lines of the same moment stay as they are.
    private func merged(
        _ lines: [(log: ServiceLog, line: LogRing.Line)]
    ) -> [(log: ServiceLog, line: LogRing.Line)] {
        guard logs.count > 1 else { return lines }
        return lines.enumerated().sorted { left, right in
            (left.element.line.time, left.offset) < (right.element.line.time, right.offset)
        }.map(\.element)
    }

    private func encode(_ lines: [(log: ServiceLog, line: LogRing.Line)]) -> ByteBuffer {
        var buffer = ByteBuffer()
        for (log, line) in lines {
            buffer.writeString("{\"time\":\"\(line.time.text(fractionDigits: 3))\",\"service\":")
            JSONText.write(Array(log.service.utf8)[...], to: &buffer)
            buffer.writeString(",\"message\":")
            JSONText.write(line.bytes, to: &buffer)
            buffer.writeString("}\n")
        }
        return buffer
    }
}

/// Sends lines as they come, until the client has had enough.
struct LogFollower: Sendable {
    var reader: LogReader
    var first: ByteBuffer
    var names: [String]
    var supervisor: Supervisor

    func run(_ writer: ResponseWriter) async throws {
        var reader = reader
        if first.readableBytes > 0 { try await writer.write(first) }
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = await supervisor.follow(names) { continuation.yield() }
        defer { supervisor.perform { $0.unfollow(number) } }
        continuation.yield()
        for await _ in signals {
            for log in await supervisor.serviceLogs(names) { reader.add(log) }
            while true {
                let buffer = reader.next()
                if buffer.readableBytes == 0 { break }
                try await writer.write(buffer)
            }
            try Task.checkCancellation()
        }
    }
}

/// Writes text of unknown encoding as a JSON string.
enum JSONText {
    static func write(_ bytes: ArraySlice<UInt8>, to buffer: inout ByteBuffer) {
        let isPlain = bytes.allSatisfy { $0 >= 32 && $0 < 127 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard isPlain else {
            buffer.writeString(quoted(bytes))
            return
        }
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeBytes(bytes)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// What is no UTF-8 becomes U+FFFD.
    static func quoted(_ bytes: ArraySlice<UInt8>) -> String {
        "\"\(escaped(String(decoding: bytes, as: UTF8.self)))\""
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
