// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// Which changes to list.
public enum ChangeSelection: String, Sendable, Hashable, CaseIterable {
    /// Those under way.
    case inProgress = "in-progress"
    /// Those that are done, well or not.
    case ready
    /// All of them.
    case all
}

extension PebbleClient {
    /// Lists changes, in no particular order.
    ///
    /// - Parameters:
    ///   - selection: which to list.
    ///   - service: only those about a service; nil for any.
    /// - Returns: the changes.
    /// - Throws: ``PebbleClientError``.
    public func changes(
        _ selection: ChangeSelection = .inProgress,
        service: String? = nil
    ) throws(PebbleClientError) -> [ChangeInfo] {
        var query = [("select", selection.rawValue)]
        if let service { query.append(("for", service)) }
        return try result(get("/v1/changes", query), [ChangeInfo].self)
    }

    /// Reads one change.
    public func change(_ id: String) throws(PebbleClientError) -> ChangeInfo {
        try result(get("/v1/changes/\(HTTPRequest.element(id))"), ChangeInfo.self)
    }

    /// Aborts a change, as far as it is not done yet.
    @discardableResult
    public func abortChange(_ id: String) throws(PebbleClientError) -> ChangeInfo {
        let request = try post("/v1/changes/\(HTTPRequest.element(id))", ChangeActionRequest(action: "abort"))
        return try result(request, ChangeInfo.self)
    }

    /// Waits until a change is done, well or not.
    ///
    /// - Parameters:
    ///   - id: the change.
    ///   - timeout: how long to wait; nil for as long as it takes.
    /// - Returns: the change; look at its `error`.
    /// - Throws: ``PebbleClientError/timedOut(request:after:)`` when it is not done in time, or another.
    public func waitForChange(_ id: String, timeout: Duration? = nil) throws(PebbleClientError) -> ChangeInfo {
        // To the daemon zero is no limit at all.
        let query = timeout.map { [("timeout", GoDuration(max($0, .nanoseconds(1))).description)] } ?? []
        let request = get("/v1/changes/\(HTTPRequest.element(id))/wait", query)
        do {
            return try result(request, ChangeInfo.self, waiting: timeout)
        } catch {
            if error.status == 504, let timeout { throw .timedOut(request: request.description, after: timeout) }
            throw error
        }
    }

    /// Waits until a change is done, and throws if it went wrong.
    ///
    /// - Parameters:
    ///   - id: the change.
    ///   - timeout: how long to wait; nil for as long as it takes.
    /// - Returns: the change.
    /// - Throws: ``PebbleClientError/changeFailed(_:)`` when it went wrong, or another.
    @discardableResult
    public func finishChange(_ id: String, timeout: Duration? = nil) throws(PebbleClientError) -> ChangeInfo {
        let change = try waitForChange(id, timeout: timeout)
        if change.error != nil { throw .changeFailed(change) }
        return change
    }
}
