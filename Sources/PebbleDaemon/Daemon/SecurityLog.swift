// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI

/// What whoever watches over the machine's security wants to know, in the words of OWASP's logging vocabulary.
enum SecurityEvent: Equatable, Sendable {
    case started(by: String)
    case ended(by: String)
    case monitorDisabled(by: String, check: String)
    case commandRun(by: String, program: String)
    case filePushed(by: String, path: String)
    case filePulled(by: String, path: String)
    case denied(by: String, path: String)
    case userCreated(by: String, name: String, access: String)
    case userUpdated(by: String, name: String, access: String)
    case userDeleted(by: String, name: String)

    /// The event's name and, after a colon, who did what.
    var code: String {
        switch self {
        case .started(let user): "sys_startup:\(user)"
        case .ended(let user): "sys_shutdown:\(user)"
        case .monitorDisabled(let user, let check): "sys_monitor_disabled:\(user),\(check)"
        case .commandRun(let user, _): "authz_admin:\(user),exec"
        case .filePushed(let user, _): "authz_admin:\(user),push_file"
        case .filePulled(let user, _): "authz_admin:\(user),pull_file"
        case .denied(let user, let path): "authz_fail:\(user),\(path)"
        case .userCreated(let user, let name, let access): "user_created:\(user),\(name),\(access)"
        case .userUpdated(let user, let name, let access): "user_updated:\(user),\(name),\(access)"
        case .userDeleted(let user, let name): "user_deleted:\(user),\(name)"
        }
    }

    var level: String {
        guard case .denied = self else { return "WARN" }
        return "CRITICAL"
    }

    var description: String {
        switch self {
        case .started: "Starting daemon"
        case .ended: "Shutting down daemon"
        case .monitorDisabled(_, let check): "Stopping check \(check)"
        case .commandRun(_, let program): "Executing command \(program)"
        case .filePushed(_, let path): "Pushing file \(path)"
        case .filePulled(_, let path): "Pulling file \(path)"
        case .denied(let user, let path): "User \(user) not authorized to access \(path)"
        case .userCreated(_, let name, let access): "Creating \(access) user \(name)"
        case .userUpdated(_, let name, let access): "Updating \(access) user \(name)"
        case .userDeleted(_, let name): "Deleting user \(name)"
        }
    }

    /// One line of JSON.
    func line(at time: Timestamp) -> String {
        var json = JSONWriter()
        json.object { json in
            let fields = [
                ("type", "security"), ("datetime", time.text(fractionDigits: 0)), ("level", level), ("event", code),
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
        by user: String
    ) -> [SecurityEvent] {
        Set(before.keys).union(after.keys).sorted().compactMap { name in
            let access = after[name]?.access?.rawValue ?? ""
            switch (before[name], after[name]) {
            case (nil, .some): return .userCreated(by: user, name: name, access: access)
            case (.some, nil): return .userDeleted(by: user, name: name)
            case (let old, let new) where old != new: return .userUpdated(by: user, name: name, access: access)
            default: return nil
            }
        }
    }
}
