// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// Whose notices to list.
public enum NoticeAudience: Sendable, Hashable {
    /// One's own and those for everybody.
    case own
    /// Those of one user and those for everybody; administrators only.
    case user(UInt32)
    /// Everybody's; administrators only.
    case all
}

extension PebbleClient {
    /// Lists notices by when they were last repeated.
    ///
    /// - Parameters:
    ///   - types: only of these types; empty for any.
    ///   - keys: only with these keys; empty for any.
    ///   - after: only those repeated after a time.
    ///   - audience: whose notices.
    ///   - waiting: how long to wait for one if there is none.
    /// - Returns: the notices.
    /// - Throws: ``PebbleClientError``.
    public func notices(
        types: [NoticeType] = [],
        keys: [String] = [],
        after: Timestamp? = nil,
        audience: NoticeAudience = .own,
        waiting: Duration? = nil
    ) throws(PebbleClientError) -> [Notice] {
        var query = types.map { ("types", $0.rawValue) } + keys.map { ("keys", $0) }
        if let after { query.append(("after", after.description)) }
        switch audience {
        case .own: break
        case .user(let id): query.append(("user-id", String(id)))
        case .all: query.append(("users", "all"))
        }
        if let waiting { query.append(("timeout", GoDuration(waiting).description)) }
        return try result(get("/v1/notices", query), [Notice].self, waiting: waiting ?? .zero)
    }

    /// Reads one notice.
    public func notice(_ id: String) throws(PebbleClientError) -> Notice {
        try result(get("/v1/notices/\(HTTPRequest.element(id))"), Notice.self)
    }

    /// Records that something happened.
    ///
    /// - Parameters:
    ///   - key: what happened, of the form `example.com/path`.
    ///   - data: what to tell with it.
    ///   - repeatAfter: how long it shall not be told again.
    /// - Returns: the id of the notice.
    /// - Throws: ``PebbleClientError``.
    @discardableResult
    public func addNotice(
        key: String,
        data: [String: String] = [:],
        repeatAfter: Duration? = nil
    ) throws(PebbleClientError) -> String {
        let body = NoticeRequest(key: key, repeatAfter: repeatAfter, data: data)
        return try result(post("/v1/notices", body), NoticeReply.self).id
    }
}
