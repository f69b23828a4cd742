// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Synchronization

/// A charm an operator wants in place of the one that runs.
struct PendingCharm: Codable, Sendable, Equatable {
    /// Where it is unpacked; nil when it is in place already.
    var path: String?
    /// Whether it is put in place even while a hook is in error.
    var isForced: Bool
}

extension AgentCore {
    /// Has another charm run from the next hook on.
    func requestRefresh(_ path: String?, force: Bool) throws {
        let directory = path ?? configuration.charmDirectory
        let charm: CharmDescription
        do {
            charm = try CharmDescription(directory: directory)
        } catch {
            throw ControlFailure(.invalid, "\(error)")
        }
        guard charm.name == self.charm.name else {
            throw ControlFailure(.invalid, "\(directory) is the charm \(charm.name), not \(self.charm.name)")
        }
        let pending = try AgentJSON.text(PendingCharm(path: path, isForced: force))
        try store.write { try $0.setFact(.pendingCharm, pending) }
        changes.signal()
    }

    /// Puts the charm in place that an operator asked for, if its time has come.
    ///
    /// Only between hooks. While one is in error the charm waits, as Juju has it wait, unless it is forced.
    ///
    /// - Returns: Whether there is another charm now.
    func refreshIfDue() throws -> Bool {
        let failures = memory.withLock { $0.failures }
        let (pending, isUnfinished) = try store.read { model in
            (try model.fact(.pendingCharm), try model.hookRecord() != nil)
        }
        guard let pending = try pending.map({ try AgentJSON.decode(PendingCharm.self, from: $0) }),
            !isUnfinished || (pending.isForced && failures > 0)
        else { return false }
        do {
            if let path = pending.path {
                try CharmDeployment(directory: configuration.charmDirectory).replace(by: path)
            }
            try loadCharm()
        } catch {
            // What runs is still whole: it goes on, and the operator reads why in the log.
            note(.error, "cannot refresh the charm: \(error)")
            try store.write { try $0.setFact(.pendingCharm, nil) }
            return false
        }
        let fingerprint = charmFingerprint
        try store.write { model in
            try model.setFact(.pendingCharm, nil)
            // A charm forced in while a hook is in error is not told of its upgrade: the hook is run again instead.
            if isUnfinished { try model.setFact(.charmFingerprint, try model.charmMark(fingerprint)) }
        }
        let time = now()
        memory.withLock { $0.retryAt = time }
        note(.info, "charm \(charm.name) \(charm.version) is in place")
        return true
    }

    /// Replaces the file of a resource; the charm is told as of an upgrade.
    func attachResource(_ name: String, _ file: String) throws {
        guard charm.resources.contains(name) else {
            let known = charm.resources.joined(separator: ", ")
            throw ControlFailure(.notFound, "the charm \(charm.name) has no resource \(name); it has \(known)")
        }
        let content: [UInt8]
        do {
            content = try FileBytes.read(file, limit: 1 << 30)
        } catch {
            throw ControlFailure(.invalid, "cannot \(error)")
        }
        let directory = configuration.resourcesDirectory
        try makeDirectory(directory)
        let revision = try store.read { (try $0.resource(name)?.revision ?? 0) + 1 }
        // A file of its own for each: a hook that runs may be reading the former one.
        let path = "\(directory)/\(name).\(revision)"
        try AtomicFile.write(content, to: path, mode: 0o600)
        let former = try store.write { model in
            let former = try model.resource(name)
            try model.setResource(name, AttachedResource(path: path, revision: revision))
            return former
        }
        if let former, former.revision < revision - 1 { unlink(former.path) }
        changes.signal()
    }
}

/// A file an operator attached as a resource.
struct AttachedResource: Codable, Sendable, Equatable {
    var path: String
    /// How many there have been.
    var revision: Int
}

extension Model {
    private static func key(_ name: String) -> String { "resource:\(name)" }

    func resource(_ name: String) throws -> AttachedResource? {
        try connection.row("SELECT value FROM fact WHERE key = ?", .text(Self.key(name))).map {
            try AgentJSON.decode(from: $0.text(0))
        }
    }

    func setResource(_ name: String, _ resource: AttachedResource) throws {
        try connection.run(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)",
            .text(Self.key(name)),
            .text(try AgentJSON.text(resource))
        )
    }

    /// What tells one charm with its attached resources from another.
    func charmMark(_ fingerprint: String) throws -> String {
        let rows = try connection.rows("SELECT key, value FROM fact WHERE key LIKE 'resource:%' ORDER BY key")
        if rows.isEmpty { return fingerprint }
        var hash = ContentHash()
        for row in rows { hash.add((row.text(0) + "=" + row.text(1)).utf8) }
        return "\(fingerprint)+\(hash.text)"
    }
}
