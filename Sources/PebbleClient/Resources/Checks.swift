// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

extension PebbleClient {
    /// Lists checks, by name.
    ///
    /// - Parameters:
    ///   - names: which to list; empty for all. Unknown ones are left out.
    ///   - level: only those of a level; nil for any.
    /// - Returns: the checks.
    /// - Throws: ``PebbleClientError``.
    public func checks(_ names: [String] = [], level: CheckLevel? = nil) throws(PebbleClientError) -> [CheckInfo] {
        var query = names.map { ("names", $0) }
        if let level { query.append(("level", level.rawValue)) }
        return try result(get("/v1/checks", query), [CheckInfo].self)
    }

    /// Starts checks.
    ///
    /// - Parameter names: which to start.
    /// - Returns: those that did not run before, by name.
    /// - Throws: ``PebbleClientError``.
    @discardableResult
    public func startChecks(_ names: [String]) throws(PebbleClientError) -> [String] {
        try result(post("/v1/checks", ChecksRequest(action: "start", checks: names)), ChecksReply.self).changed
    }

    /// Stops checks.
    ///
    /// - Parameter names: which to stop.
    /// - Returns: those that ran before, by name.
    /// - Throws: ``PebbleClientError``.
    @discardableResult
    public func stopChecks(_ names: [String]) throws(PebbleClientError) -> [String] {
        try result(post("/v1/checks", ChecksRequest(action: "stop", checks: names)), ChecksReply.self).changed
    }

    /// Runs a check now and waits for it.
    ///
    /// - Parameters:
    ///   - name: the check.
    ///   - timeout: how long it may take; nil for as long as it takes.
    /// - Returns: what it says.
    /// - Throws: ``PebbleClientError``.
    public func refreshCheck(_ name: String, timeout: Duration? = nil) throws(PebbleClientError) -> CheckRefresh {
        try result(post("/v1/checks/refresh", CheckRefreshRequest(name: name)), CheckRefresh.self, waiting: timeout)
    }
}
