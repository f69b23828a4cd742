// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var noticesRoutes: [Route] {
        [
            Route(.GET, "/v1/notices", .user) { try await $0.listNotices($1) },
            Route(.POST, "/v1/notices", .user) { try await $0.addNotice($1) },
            Route(.GET, "/v1/notices/{id}", .user) { try await $0.showNotice($1) },
        ]
    }

    private func listNotices(_ request: APIRequest) async throws -> APIResponse {
        var filter = NoticeFilter()
        filter.userID = try owner(request)
        let types = request.list("types")
        filter.types = types.filter(Supervisor.knownNoticeTypes.contains)
        filter.keys = request.list("keys")
        let after = request.parameter("after")
        if !after.isEmpty {
            guard let time = Timestamp(after) else {
                let layout = "2006-01-02T15:04:05Z07:00"
                let reason = "parsing time \"\(after)\" as \"\(layout)\": cannot parse \"\(after)\" as \"2006\""
                throw DaemonError(.invalid, "invalid \"after\" timestamp: \(reason)")
            }
            filter.after = time
        }
        let timeout = try RequestTimeout.read(request.parameter("timeout"))
        // Nothing will ever be of a type that there is not.
        if !types.isEmpty, filter.types.isEmpty { return try .sync([Notice]()) }
        if let timeout, timeout > .zero {
            return try .sync(await supervisor.waitForNotices(filter, timeout: timeout))
        }
        return try .sync(await supervisor.notices(filter))
    }

    /// Whose notices are asked for; nil is everybody's, which only admins may see.
    private func owner(_ request: APIRequest) throws(DaemonError) -> UInt32? {
        let users = request.list("users")
        let ids = request.list("user-id")
        guard !users.isEmpty || !ids.isEmpty else {
            guard let userID = request.caller.userID else {
                throw DaemonError(.forbidden, "cannot determine UID of request, so cannot retrieve notices")
            }
            return userID
        }
        guard users.isEmpty || ids.isEmpty else {
            throw DaemonError(.invalid, "cannot use both \"users\" and \"user-id\" parameters")
        }
        guard request.caller.isAdmin else {
            throw DaemonError(.forbidden, "only admins may use the \"\(users.isEmpty ? "user-id" : "users")\" filter")
        }
        guard users.isEmpty else {
            guard users == ["all"] else { throw DaemonError(.invalid, "invalid \"users\" filter: must be \"all\"") }
            return nil
        }
        let prefix = "invalid \"user-id\" filter"
        guard ids.count == 1 else { throw DaemonError(.invalid, "\(prefix): must only include one \"user-id\"") }
        guard let number = Int64(ids[0]) else {
            throw DaemonError(.invalid, "\(prefix): strconv.ParseInt: parsing \"\(ids[0])\": invalid syntax")
        }
        guard let id = UInt32(exactly: number) else {
            throw DaemonError(.invalid, "\(prefix): user ID is not a valid uint32: \(number)")
        }
        return id
    }

    private func addNotice(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(NoticeRequest.self)
        guard let userID = request.caller.userID else {
            throw DaemonError(.forbidden, "cannot determine UID of request, so cannot create notice")
        }
        let (data, repeatAfter) = try NoticeRules.check(body)
        let id = await supervisor.recordNotice(
            userID: userID,
            type: .custom,
            key: body.key,
            data: data,
            repeatAfter: repeatAfter
        )
        try await supervisor.synchronise()
        return try .sync(NoticeReply(id: id))
    }

    private func showNotice(_ request: APIRequest) async throws -> APIResponse {
        let id = request.captures[0]
        guard let notice = await supervisor.document.notices.first(where: { $0.id == id }) else {
            throw DaemonError(.notFound, "cannot find notice with ID \"\(id)\"")
        }
        if let owner = notice.userID, owner != request.caller.userID, !request.caller.isAdmin {
            throw DaemonError(.forbidden, "not allowed to access notice with id \"\(id)\"")
        }
        return try .sync(notice)
    }
}
