// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials

extension FakeAgent {
    func secretTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        let parsed = ToolArguments(arguments, switches: tool.switches)
        switch tool {
        case .secretAdd: return try addSecret(parsed)
        case .secretGet: return try getSecret(parsed)
        case .secretSet:
            try setSecret(parsed)
            return ""
        case .secretInfoGet:
            return try secretInfo(parsed)
        case .secretGrant, .secretRevoke:
            try changeGrant(tool, parsed)
            return ""
        case .secretRemove:
            try removeSecret(parsed)
            return ""
        default:
            return try json(world.secrets.filter(\.isOwned).map { String(SecretState.bare($0.id)) })
        }
    }

    private func addSecret(_ parsed: ToolArguments) throws -> String {
        let owner = parsed.flags["--owner"] ?? "application"
        guard SecretOwner(rawValue: owner) != nil else {
            throw Refusal(message: "secret owner \"\(owner)\" not valid", exitCode: 2)
        }
        let isApplication = owner != "unit"
        guard world.isLeader || !isApplication else { throw Refusal(message: "this unit is not the leader") }
        let content = try secretContent(parsed.positionals[...])
        guard !content.isEmpty else { throw Refusal(message: "missing secret value or filename", exitCode: 2) }
        if let label = parsed.flags["--label"], world.secrets.contains(where: { $0.isOwned && $0.label == label }) {
            throw Refusal(message: "secret with label \"\(label)\" already exists")
        }
        addedSecrets += 1
        let number = String(addedSecrets)
        let id = "secret:added" + String(repeating: "0", count: 15 - number.count) + number
        var secret = SecretState(
            id: id,
            owner: isApplication ? .application : .unit,
            revisions: [content],
            label: parsed.flags["--label"]
        )
        secret.description = parsed.flags["--description"]
        secret.rotation = parsed.flags["--rotate"].flatMap { SecretRotation(rawValue: $0) }
        secret.expiry = parsed.flags["--expire"]
        world.secrets.append(secret)
        return id + "\n"
    }

    /// What a call leaves out stays, as with Juju 3.6 and later; before that it is removed.
    private func setSecret(_ parsed: ToolArguments) throws {
        let index = try ownedSecret(parsed.positionals.first)
        let content = try secretContent(parsed.positionals.dropFirst())
        if !content.isEmpty, content != world.secrets[index].content { world.secrets[index].revisions.append(content) }
        let keepsOmitted = world.jujuVersion >= JujuVersion(major: 3, minor: 6)
        func value(_ flag: String, _ old: String?) -> String? { parsed.flags[flag] ?? (keepsOmitted ? old : nil) }
        let label = value("--label", world.secrets[index].label)
        if let label, world.secrets.indices.contains(where: { $0 != index && world.secrets[$0].label == label }) {
            throw Refusal(message: "secret with label \"\(label)\" already exists")
        }
        world.secrets[index].label = label
        world.secrets[index].description = value("--description", world.secrets[index].description)
        world.secrets[index].expiry = value("--expire", world.secrets[index].expiry)
        let rotation = value("--rotate", world.secrets[index].rotation?.rawValue)
        guard let rotation else { return world.secrets[index].rotation = nil }
        guard let known = SecretRotation(rawValue: rotation) else {
            throw Refusal(message: "rotate policy \"\(rotation)\" not valid", exitCode: 2)
        }
        world.secrets[index].rotation = known
    }

    /// A revision keeps its number when an older one is removed, so a removed one is left empty.
    private func removeSecret(_ parsed: ToolArguments) throws {
        let index = try ownedSecret(parsed.positionals.first)
        guard let text = parsed.flags["--revision"] else {
            world.secrets.remove(at: index)
            return
        }
        guard let revision = Int(text), world.secrets[index].revisions.indices.contains(revision - 1) else {
            throw Refusal(message: "secret revision \(text) not found")
        }
        world.secrets[index].removedRevisions.insert(revision)
        if world.secrets[index].removedRevisions.count == world.secrets[index].revisions.count {
            world.secrets.remove(at: index)
        }
    }

    private func getSecret(_ parsed: ToolArguments) throws -> String {
        let label = parsed.flags["--label"]
        let id = parsed.positionals.first
        if parsed.isOn("--refresh"), parsed.isOn("--peek") {
            throw Refusal(message: "specify one of --refresh or --peek but not both", exitCode: 2)
        }
        guard let name = id ?? label, let index = world.secrets.firstIndex(where: { $0.isNamed(name) }) else {
            throw Refusal(message: "secret \"\(id ?? label ?? "")\" not found")
        }
        if world.secrets[index].owner == .other(isGranted: false) { throw Refusal(message: "permission denied") }
        if id != nil, let label {
            if world.secrets[index].isOwned {
                world.secrets[index].readerLabel = label
            } else {
                world.secrets[index].label = label
            }
        }
        let secret = world.secrets[index]
        if parsed.isOn("--peek") { return try json(secret.content) }
        let revision =
            parsed.isOn("--refresh") ? secret.revisions.count : secret.trackedRevision ?? secret.revisions.count
        guard !secret.removedRevisions.contains(revision) else {
            throw Refusal(message: "secret revision \"\(name)/\(revision)\" not found")
        }
        world.secrets[index].trackedRevision = revision
        return try json(secret.revisions[revision - 1])
    }

    private struct Info: Encodable {
        let revision: Int
        let owner: String
        let label: String?
        let description: String?
        let rotation: String?
        let expiry: String?
        let access: [[String: String]]?
    }

    private func access(_ secret: SecretState) -> [[String: String]]? {
        let grants = secret.grants.sorted { $0.key < $1.key }.flatMap { number, targets -> [[String: String]] in
            guard let relation = world.relations.first(where: { $0.id == number }) else { return [] }
            return targets.map { unit in
                let target = unit.map { "unit-\($0.application)-\($0.number)" }
                return [
                    "target": target ?? "application-\(relation.remoteApplication)",
                    "scope": "relation-\(relation.relationID)", "role": "view",
                ]
            }
        }
        return grants.isEmpty ? nil : grants
    }

    private func secretInfo(_ parsed: ToolArguments) throws -> String {
        let secret = world.secrets[try ownedSecret(parsed.positionals.first ?? parsed.flags["--label"])]
        let info = Info(
            revision: secret.revisions.count,
            owner: secret.owner == .unit ? "unit" : "application",
            label: secret.label,
            description: secret.description,
            rotation: (secret.rotation ?? .never).rawValue,
            expiry: secret.expiry,
            access: access(secret)
        )
        return try json([String(SecretState.bare(secret.id)): info])
    }

    private func changeGrant(_ tool: ToolName, _ parsed: ToolArguments) throws {
        let index = try ownedSecret(parsed.positionals.first)
        guard let text = parsed.flags["--relation"], let number = RelationID(text)?.number ?? Int(text) else {
            throw Refusal(message: "missing relation id", exitCode: 2)
        }
        guard world.relations.contains(where: { $0.id == number }) else {
            throw Refusal(message: "invalid value \"\(text)\" for option --relation: relation not found", exitCode: 2)
        }
        let unit = parsed.flags["--unit"].flatMap { UnitName($0) }
        guard tool == .secretGrant else {
            // Without a unit all that was granted over the relation is taken back.
            if let unit {
                world.secrets[index].grants[number]?.remove(unit)
            } else {
                world.secrets[index].grants[number] = []
            }
            if world.secrets[index].grants[number]?.isEmpty == true { world.secrets[index].grants[number] = nil }
            return
        }
        if unit == nil, world.secrets[index].grants[number]?.contains(where: { $0 != nil }) == true {
            throw Refusal(
                message: "secret \"\(parsed.positionals.first ?? "")\" is granted to a unit: revoke that first"
            )
        }
        world.secrets[index].grants[number, default: []].insert(unit)
    }

    private func ownedSecret(_ name: String?) throws -> Int {
        guard let name, let index = world.secrets.firstIndex(where: { $0.isNamed(name) }) else {
            throw Refusal(message: "secret \"\(name ?? "")\" not found")
        }
        let secret = world.secrets[index]
        guard secret.owner == .unit || (secret.owner == .application && world.isLeader) else {
            throw Refusal(message: "permission denied")
        }
        return index
    }

    /// Reads `key=value` and `key#file=path`.
    private func secretContent(_ pairs: ArraySlice<String>) throws -> [String: String] {
        var content: [String: String] = [:]
        for pair in pairs {
            guard let equals = pair.firstIndex(of: "=") else {
                throw Refusal(message: "argument \"\(pair)\" must be of the form key=value", exitCode: 2)
            }
            let key = pair[..<equals]
            let value = String(pair[pair.index(after: equals)...])
            if key.hasSuffix("#file") {
                guard let data = FileManager.default.contents(atPath: value) else {
                    throw Refusal(message: "reading content for secret key \"\(key)\": open \(value): no such file")
                }
                content[String(key.dropLast(5))] = String(decoding: data, as: UTF8.self)
            } else {
                content[String(key)] = value
            }
        }
        for key in content.keys.sorted() where !Secret.isKey(key) {
            throw Refusal(message: "key \"\(key)\" not valid", exitCode: 2)
        }
        return content
    }
}
