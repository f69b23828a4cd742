// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

extension PebbleClient {
    /// Asks the daemon about itself.
    public func systemInfo() throws(PebbleClientError) -> SystemInfo {
        try result(get("/v1/system-info"), SystemInfo.self)
    }

    /// Asks whether all is well.
    ///
    /// - Parameters:
    ///   - level: which checks count; nil for all.
    ///   - names: the checks to ask about; empty for all.
    /// - Returns: whether none of them is down.
    /// - Throws: ``PebbleClientError``.
    public func isHealthy(level: CheckLevel? = nil, names: [String] = []) throws(PebbleClientError) -> Bool {
        var query = names.map { ("names", $0) }
        if let level { query.append(("level", level.rawValue)) }
        return try result(get("/v1/health", query), HealthInfo.self).healthy
    }

    /// Reads the daemon's metrics in Prometheus' text format.
    public func metrics() throws(PebbleClientError) -> String {
        let request = get("/v1/metrics")
        let reply = try reply(request)
        if reply.head.status != 200 {
            _ = try envelope(reply, NoResult.self, of: request)
        }
        return String(decoding: reply.body, as: UTF8.self)
    }
}
