// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials

extension FakeAgent {
    func secretTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        let parsed = ToolArguments(arguments, switches: ["--refresh", "--peek"])
        switch tool {
        case .secretAdd: return try addSecret(parsed)
        case .secretGet: return try getSecret(parsed)
        case .secretSet:
            let index = try ownedSecret(parsed.positionals.first)
            let content = try secretContent(parsed.positionals.dropFirst())
            if !content.isEmpty, content != world.secrets[index].content {
                world.secrets[index].revisions.append(content)
            }
            return ""
        case .secretInfoGet:
            return try secretInfo(parsed)
        case .secretGrant, .secretRevoke:
            try changeGrant(tool, parsed)
            return ""
        case .secretRemove:
            world.secrets.remove(at: try ownedSecret(parsed.positionals.first))
            return ""
        default:
            return try json(world.secrets.filter(\.isOwned).map { String(SecretState.bare($0.id)) })
        }
    }

    private func addSecret(_ parsed: ToolArguments) throws -> String {
        let isApplication = parsed.flags["--owner"] != "unit"
        guard world.isLeader || !isApplication else { throw Refusal(message: "this unit is not the leader") }
        let content = try secretContent(parsed.positionals[...])
        guard !content.isEmpty else { throw Refusal(message: "missing secret value or filename", exitCode: 2) }
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

    private func getSecret(_ parsed: ToolArguments) throws -> String {
        let label = parsed.flags["--label"]
        let id = parsed.positionals.first
        guard let name = id ?? label, let index = world.secrets.firstIndex(where: { $0.isNamed(name) }) else {
            throw Refusal(message: "secret \"\(id ?? label ?? "")\" not found")
        }
        if world.secrets[index].owner == .other(isGranted: false) { throw Refusal(message: "permission denied") }
        if id != nil, let label { world.secrets[index].label = label }
        let secret = world.secrets[index]
        if parsed.isOn("--peek") { return try json(secret.content) }
        let revision =
            parsed.isOn("--refresh") ? secret.revisions.count : secret.trackedRevision ?? secret.revisions.count
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
    }

    private func secretInfo(_ parsed: ToolArguments) throws -> String {
        let secret = world.secrets[try ownedSecret(parsed.positionals.first ?? parsed.flags["--label"])]
        let info = Info(
            revision: secret.revisions.count,
            owner: secret.owner == .unit ? "unit" : "application",
            label: secret.label,
            description: secret.description,
            rotation: secret.rotation?.rawValue,
            expiry: secret.expiry
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
        if tool == .secretGrant {
            world.secrets[index].grants[number, default: []].insert(unit)
        } else {
            world.secrets[index].grants[number]?.remove(unit)
        }
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
        return content
    }
}
