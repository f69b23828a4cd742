// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

/// `storage-list`: the storage instances of the unit.
enum StorageListTool: HookToolCommand {
    static let name = ToolName.storageList
    static let flags = FlagSet.output()

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        let kind = call.flags.arguments.first
        let ids = try call.model.storages().filter { kind == nil || $0.name == kind }.map(\.id)
        return try call.output(.array(ids.map(JSONValue.string)))
    }
}

/// `storage-get`: where a storage instance is.
enum StorageGetTool: HookToolCommand {
    static let name = ToolName.storageGet
    static let flags = FlagSet.output(values: ["storage"], short: ["s": "storage"])

    static func run(_ call: inout ToolCall) throws -> String {
        try call.flags.refuse(moreThan: 1)
        guard let id = call.flags["storage"] ?? hookStorage(call) else {
            throw ToolFailure.usage("no storage instance specified")
        }
        guard let storage = try call.model.storages().first(where: { $0.id == id }) else {
            throw ToolFailure.usage("invalid value \"\(id)\" for option -s: storage not found")
        }
        let values: [String: JSONValue] = ["kind": .string(storage.kind), "location": .string(storage.location)]
        guard let key = call.flags.arguments.first, key != "-" else { return try call.output(.object(values)) }
        guard let value = values[key] else { throw ToolFailure("invalid storage attribute \"\(key)\"") }
        return try call.output(value)
    }

    private static func hookStorage(_ call: ToolCall) -> String? {
        switch call.event {
        case .storageAttached(let event), .storageDetaching(let event): event.id
        default: nil
        }
    }
}

/// `storage-add`: asks for more instances of a kind of storage; buffered.
enum StorageAddTool: HookToolCommand {
    static let name = ToolName.storageAdd
    static let flags = FlagSet()

    static func run(_ call: inout ToolCall) throws -> String {
        guard !call.flags.arguments.isEmpty else { throw ToolFailure.usage("storage add requires a storage directive") }
        for argument in call.flags.arguments {
            let parts = argument.split(separator: "=", maxSplits: 1)
            let name = String(parts[0])
            guard let storage = call.charm.storages.first(where: { $0.name == name }) else {
                throw ToolFailure("charm storage \"\(name)\" not found")
            }
            guard let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0 else {
                throw ToolFailure.usage("cannot parse \"\(argument)\": a count is a whole number above 0")
            }
            let used = try call.model.storages().filter { $0.name == name }.count
            if let most = storage.maximumCount, used + count > most {
                throw ToolFailure("storage \"\(name)\" takes at most \(most) instances")
            }
            let first = try call.model.nextStorageIndex(name)
            for index in first..<(first + count) {
                call.buffered.append(
                    .addStorage(
                        id: "\(name)/\(index)",
                        name: name,
                        location: "\(call.unit.storageDirectory)/\(name)/\(index)",
                        kind: storage.kind
                    )
                )
            }
        }
        return ""
    }
}
