// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOHTTP1
import PebbleAPI

/// Requests for a command's sockets.
enum ExecUpgrade {
    /// Whether to upgrade; if not, the request goes on as any other and gets the reason.
    static func accepts(_ head: HTTPRequestHead, api: API, peer: Peer) -> Bool {
        guard head.method == .GET, let (task, socket) = target(head.uri) else { return false }
        // Sixteen bytes in Base64, once.
        let keys = head.headers["sec-websocket-key"]
        guard keys.count == 1, keys[0].utf8.count == 24, keys[0].hasSuffix("==") else { return false }
        return api.supervisor.assumeIsolated { supervisor in
            // Before the password, which takes a while to check and would be checked for nothing.
            guard let session = (try? supervisor.execSession(task: task, socket: socket.rawValue))??.0 else {
                return false
            }
            let access = AccessRules.access(
                peer: peer,
                credentials: BasicCredentials.read(head.headers.first(name: "authorization")),
                identities: supervisor.document.identities,
                daemonUserID: geteuid(),
                verify: PasswordHash.verify
            )
            guard AccessLevel.admin.allows(Caller(peer: peer, access: access)) else { return false }
            // From here on it is this client's: another must not be told the same before this one has connected.
            return session.reserve(socket)
        }
    }

    static func target(_ uri: String) -> (task: String, socket: ExecSocket)? {
        let parts = RequestTarget.split(uri).path.split(separator: "/")
        guard parts.count == 5, parts[0] == "v1", parts[1] == "tasks", parts[3] == "websocket",
            let socket = ExecSocket(rawValue: String(parts[4]))
        else { return nil }
        return (String(parts[2]), socket)
    }
}
