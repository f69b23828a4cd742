// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI
import Synchronization

extension AgentCore {
    /// Has the charm told once more what it was told before, by the hook of a name.
    ///
    /// Nothing is made up: what the hook is about counts as not told yet, and comes in its turn with the data of now.
    func trigger(_ hook: String) throws {
        let hooks = Set(charm.hookNames).subtracting(charm.actions.map(\.name))
        guard hooks.contains(hook) else {
            throw ControlFailure(
                .notFound,
                "the charm \(charm.name) has no hook \(hook); it has \(hooks.sorted().joined(separator: ", "))"
            )
        }
        if let reason = Self.refusal(hook) { throw ControlFailure(.invalid, "cannot trigger \(hook): \(reason)") }
        let time = now()
        let count = try store.write { model in
            guard try model.flag(.started), !(try model.flag(.dying)) else {
                throw ControlFailure(.conflict, "the unit has not started yet, or is being removed")
            }
            return try model.forgetTold(hook, now: time.seconds)
        }
        guard count ?? triggerFromMemory(hook) > 0 else {
            throw ControlFailure(.conflict, "there is nothing \(hook) could be about")
        }
        note(.info, "hook \"\(hook)\" triggered by the operator")
        changes.signal()
    }

    /// The hooks that say something has happened which has not.
    private static func refusal(_ hook: String) -> String? {
        let gone = ["-relation-departed", "-relation-broken", "-storage-detaching"]
        switch hook {
        case "install": return "a unit is installed once"
        case "stop", "remove": return "it ends the unit; remove the unit instead"
        case "secret-changed", "secret-remove": return "it says that a secret has changed; change it instead"
        case _ where gone.contains(where: hook.hasSuffix): return "it says that something is gone; remove that instead"
        case _ where hook.hasSuffix("-pebble-custom-notice"): return "record one: pebble notify KEY"
        case _ where hook.contains("-pebble-check-"): return "the check itself says so"
        default: return nil
        }
    }

    /// Forgets what only the running agent knows to have told; how much it is.
    private func triggerFromMemory(_ hook: String) -> Int {
        memory.withLock { memory in
            switch hook {
            case "config-changed": memory.isConfigTold = false
            case "update-status": memory.lastUpdateStatus = Timestamp(seconds: 0)
            default:
                let container = hook.hasSuffix("-pebble-ready") ? String(hook.dropLast("-pebble-ready".count)) : ""
                guard memory.containers[container]?.isReachable == true else { return 0 }
                // Who watches the container finds at its next look that the charm has not been told.
                memory.containers[container]?.toldBootID = nil
            }
            return 1
        }
    }
}

extension Model {
    /// Forgets what the charm was told by a hook.
    ///
    /// - Returns: How much it is; nil for a hook that the model knows nothing of.
    fileprivate func forgetTold(_ hook: String, now: Int64) throws -> Int? {
        switch hook {
        case "start": try setFact(.hostBoot, nil)
        case "upgrade-charm": try setFact(.charmFingerprint, nil)
        case "leader-elected":
            guard try isLeader() else { return 0 }
            try setFlag(.leaderElected, false)
        case "secret-rotate":
            return try forget(
                "UPDATE secret SET next_rotate = ? WHERE next_rotate IS NOT NULL AND owner_kind IN ('unit', 'application')",
                .integer(now)
            )
        case "secret-expired":
            return try forget(
                """
                UPDATE secret_revision SET next_expired = ? WHERE next_expired IS NOT NULL
                AND secret IN (SELECT id FROM secret WHERE owner_kind IN ('unit', 'application'))
                """,
                .integer(now)
            )
        default: return try forgetToldOfEndpoint(hook)
        }
        return 1
    }

    private func forgetToldOfEndpoint(_ hook: String) throws -> Int? {
        func subject(_ suffix: String) -> String? {
            hook.hasSuffix(suffix) ? String(hook.dropLast(suffix.count)) : nil
        }
        let ofEndpoint = "relation IN (SELECT id FROM relation WHERE endpoint = ? AND dying = 0 AND created = 1)"
        if let endpoint = subject("-relation-created") {
            return try forget("UPDATE relation SET created = 0 WHERE endpoint = ? AND dying = 0", .text(endpoint))
        }
        if let endpoint = subject("-relation-joined") {
            return try forget("UPDATE member SET joined = 0 WHERE present = 1 AND \(ofEndpoint)", .text(endpoint))
        }
        if let endpoint = subject("-relation-changed") {
            // No databag has this version; one that nobody has written is still not told of.
            let units = "UPDATE member SET seen_version = -1 WHERE present = 1 AND joined = 1 AND \(ofEndpoint)"
            let applications = "UPDATE relation SET seen_version = -1 WHERE endpoint = ? AND dying = 0 AND created = 1"
            return try forget(units, .text(endpoint)) + forget(applications, .text(endpoint))
        }
        if let name = subject("-storage-attached") {
            return try forget("UPDATE storage SET attached = 0 WHERE attached = 1 AND name = ?", .text(name))
        }
        return nil
    }

    private func forget(_ sql: String, _ parameter: SQLiteValue) throws -> Int {
        try connection.run(sql, parameter)
        return connection.changedRows
    }
}
