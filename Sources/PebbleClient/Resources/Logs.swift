// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

extension PebbleClient {
    /// Reads the last lines services wrote, the oldest first.
    ///
    /// - Parameters:
    ///   - services: whose lines; empty for all.
    ///   - count: how many lines at most; nil for all that are kept.
    /// - Returns: the lines.
    /// - Throws: ``PebbleClientError``.
    public func logs(_ services: [String] = [], count: Int? = 30) throws(PebbleClientError) -> [LogEntry] {
        var entries: [LogEntry] = []
        let query = services.map { ("services", $0) } + [("n", String(count ?? -1))]
        try streamLogs(get("/v1/logs", query), limit: timeout) { entry in
            entries.append(entry)
            return true
        }
        return entries
    }

    /// Reads lines as services write them, until told to stop or the daemon goes away.
    ///
    /// - Parameters:
    ///   - services: whose lines; empty for all.
    ///   - count: how many lines of the past to begin with; nil for all that are kept.
    ///   - onLine: what to do with a line; false ends the call.
    /// - Throws: ``PebbleClientError``.
    public func followLogs(
        _ services: [String] = [],
        count: Int? = 30,
        onLine: (LogEntry) throws -> Bool
    ) throws(PebbleClientError) {
        let query = services.map { ("services", $0) } + [("n", String(count ?? -1)), ("follow", "true")]
        try streamLogs(get("/v1/logs", query), limit: nil, onLine: onLine)
    }

    private func streamLogs(
        _ request: HTTPRequest,
        limit: Duration?,
        onLine: (LogEntry) throws -> Bool
    ) throws(PebbleClientError) {
        let deadline = Deadline(limit)
        try exchange(request, deadline: deadline, limit: limit) { head, reader in
            if head.status != 200 {
                let reply = HTTPReply(head: head, body: try reader.rest(deadline: deadline))
                _ = try envelope(reply, NoResult.self, of: request)
                throw MalformedReply(reason: "status \(head.status)")
            }
            var pending: [UInt8] = []
            while let piece = try reader.next(deadline: deadline) {
                pending += piece
                while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = Array(pending[..<end])
                    pending.removeSubrange(...end)
                    if !line.isEmpty, try !onLine(WireJSON.decode(LogEntry.self, from: line)) { return }
                }
            }
        }
    }
}
