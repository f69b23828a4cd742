// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var changesRoutes: [Route] {
        [
            Route(.GET, "/v1/changes", .user, atOnce: { try $0.listChanges($1) }),
            Route(.GET, "/v1/changes/{id}", .user, atOnce: { try .sync($0.changeInfo($1.captures[0])) }),
            Route(.POST, "/v1/changes/{id}", .admin) { try await $0.abortChange($1) },
            Route(.GET, "/v1/changes/{id}/wait", .user) { try await $0.waitForChange($1) },
        ]
    }

    private func abortChange(_ request: APIRequest) async throws -> APIResponse {
        let id = request.captures[0]
        _ = try await supervisor.change(id)
        let prefix = "cannot decode data from request body"
        let body = try await request.decode(ChangeActionRequest.self, prefix: prefix)
        guard body.action == "abort" else { throw DaemonError(.invalid, "invalid action \"\(body.action)\"") }
        _ = try await supervisor.abort(id)
        return try .sync(await supervisor.changeInfo(id))
    }

    private func waitForChange(_ request: APIRequest) async throws -> APIResponse {
        let id = request.captures[0]
        // Zero is no limit; less than that is over already.
        let timeout = try RequestTimeout.read(request.parameter("timeout")).flatMap { $0 == .zero ? nil : $0 }
        guard try await supervisor.waitForChange(id, timeout: timeout) else {
            let after = timeout.map { " after \(GoDuration($0))" } ?? ""
            throw DaemonError(.timedOut, "timed out waiting for change\(after)")
        }
        return try .sync(await supervisor.changeInfo(id))
    }
}

extension Supervisor {
    fileprivate func listChanges(_ request: APIRequest) throws -> APIResponse {
        let select = request.parameter("select")
        guard ["", "all", "in-progress", "ready"].contains(select) else {
            throw DaemonError(.invalid, "select should be one of: all,in-progress,ready")
        }
        let subject = request.parameter("for")
        let found = changes { change in
            let isWanted = select == "all" || (change.readyTime != nil) == (select == "ready")
            return isWanted && (subject.isEmpty || change.subjects.contains(subject))
        }
        return try .sync(found)
    }
}

/// How long a client wants to wait.
enum RequestTimeout {
    static func read(_ text: String) throws(DaemonError) -> Duration? {
        guard !text.isEmpty else { return nil }
        do throws(GoDurationError) {
            return try GoDuration(parsing: text).duration
        } catch {
            throw DaemonError(.invalid, "invalid timeout: \(error)")
        }
    }
}
