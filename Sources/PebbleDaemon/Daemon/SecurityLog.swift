// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI

/// What whoever watches over the machine's security wants to know, in the words of OWASP's logging vocabulary.
enum SecurityEvent: Equatable, Sendable {
    case started
    case ended
    case monitorDisabled(by: Peer, check: String)
    case adminAllowed(Peer, path: String)
    case denied(Peer, path: String)
    case userCreated(by: Peer, name: String, access: String)
    case userUpdated(by: Peer, name: String, access: String)
    case userDeleted(by: Peer, name: String)

    /// The event's name and, after a colon, what it is about.
    var code: String {
        switch self {
        case .started: "sys_startup"
        case .ended: "sys_shutdown"
        case .monitorDisabled(let peer, let check): "sys_monitor_disabled:\(peer.securityName),\(check)"
        case .adminAllowed(let peer, let path): "authz_admin:\(peer.securityName),\(path)"
        case .denied(let peer, let path): "authz_fail:\(peer.securityName),\(path)"
        case .userCreated(let peer, let name, let access): "user_created:\(peer.securityName),\(name),\(access)"
        case .userUpdated(let peer, let name, let access): "user_updated:\(peer.securityName),\(name),\(access)"
        case .userDeleted(let peer, let name): "user_deleted:\(peer.securityName),\(name)"
        }
    }

    var description: String {
        switch self {
        case .started: "Starting daemon"
        case .ended: "Stopping daemon"
        case .monitorDisabled(let peer, let check): "\(peer.securityWords) stopped check \(check)"
        case .adminAllowed(let peer, let path): "\(peer.securityWords) granted admin access to \(path)"
        case .denied(let peer, let path): "\(peer.securityWords) denied access to \(path)"
        case .userCreated(let peer, let name, let access): "\(peer.securityWords) created \(access) user \(name)"
        case .userUpdated(let peer, let name, let access): "\(peer.securityWords) updated \(access) user \(name)"
        case .userDeleted(let peer, let name): "\(peer.securityWords) deleted user \(name)"
        }
    }

    /// One line of JSON.
    func line(at time: Timestamp) -> String {
        var json = JSONWriter()
        json.object { json in
            let fields = [
                ("type", "security"), ("datetime", time.text(fractionDigits: 3)), ("level", "WARN"), ("event", code),
                ("description", description), ("appid", "pebble"),
            ]
            for (name, value) in fields {
                json.key(name)
                json.string(value)
            }
        }
        return String(buffer: json.buffer)
    }

    /// What a request did to the identities.
    static func changes(
        from before: [String: IdentityInfo],
        to after: [String: IdentityInfo],
        by peer: Peer
    ) -> [SecurityEvent] {
        Set(before.keys).union(after.keys).sorted().compactMap { name in
            let access = after[name]?.access?.rawValue ?? ""
            switch (before[name], after[name]) {
            case (nil, .some): return .userCreated(by: peer, name: name, access: access)
            case (.some, nil): return .userDeleted(by: peer, name: name)
            case (let old, let new) where old != new: return .userUpdated(by: peer, name: name, access: access)
            default: return nil
            }
        }
    }
}

extension Peer {
    fileprivate var securityName: String {
        guard case .local(let userID) = self else { return "-" }
        return String(userID)
    }

    fileprivate var securityWords: String {
        switch self {
        case .local(let userID): "UID \(userID)"
        case .remote: "HTTP client"
        case .secured: "HTTPS client"
        }
    }
}
