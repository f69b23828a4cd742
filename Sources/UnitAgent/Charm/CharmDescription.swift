// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI

/// What a charm says of itself in its files: the part of it an agent acts on.
struct CharmDescription: Sendable, Equatable {
    /// An endpoint of the charm.
    struct Endpoint: Sendable, Equatable {
        /// Which side of a relation it is.
        enum Role: String, Sendable, CaseIterable {
            case requires, provides, peers
        }

        let name: String
        let interface: String
        let role: Role
        /// How many relations it takes; `nil` is any number.
        let limit: Int?
    }

    /// A kind of storage.
    struct Storage: Sendable, Equatable {
        let name: String
        let kind: String
        /// How many instances a unit has at least.
        let minimumCount: Int
        let maximumCount: Int?
    }

    let name: String
    let version: String
    let endpoints: [Endpoint]
    let containers: [String]
    let storages: [Storage]
    let resources: [String]
    let extraBindings: [String]
    let options: [ConfigOption]
    let actions: [ActionDescription]

    func endpoint(_ name: String) -> Endpoint? { endpoints.first { $0.name == name } }
    func option(_ name: String) -> ConfigOption? { options.first { $0.name == name } }
    func action(_ name: String) -> ActionDescription? { actions.first { $0.name == name } }
}

/// Why a charm cannot be run.
struct CharmError: Error, CustomStringConvertible, Equatable {
    let message: String

    var description: String { "cannot use the charm: \(message)" }
}

extension CharmDescription {
    /// Reads the charm unpacked in `directory`.
    init(directory: String) throws {
        guard let metadata = try Self.document("metadata.yaml", in: directory) else {
            throw CharmError(message: "\(directory)/metadata.yaml is missing")
        }
        guard access("\(directory)/dispatch", X_OK) == 0 else {
            throw CharmError(message: "\(directory)/dispatch is missing or not executable")
        }
        let config = try Self.document("config.yaml", in: directory)
        let actions = try Self.document("actions.yaml", in: directory)
        let version = (try? FileBytes.read("\(directory)/version", limit: 4096)) ?? []
        try self.init(
            metadata: metadata,
            config: config ?? .object([:]),
            actions: actions ?? .object([:]),
            version: String(decoding: version, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        )
    }

    /// Reads the parsed files of a charm.
    init(metadata: JSONValue, config: JSONValue, actions: JSONValue, version: String) throws {
        guard let name = metadata["name"]?.stringValue else { throw CharmError(message: "metadata.yaml has no name") }
        self.name = name
        self.version = version
        endpoints = try Endpoint.Role.allCases.flatMap { role in
            try metadata.members(role.rawValue).map { name, body in
                guard let interface = body["interface"]?.stringValue else {
                    throw CharmError(message: "metadata.yaml: \(role.rawValue): \(name) has no interface")
                }
                let limit = body["limit"]?.integerValue.map { Int($0) }
                return Endpoint(name: name, interface: interface, role: role, limit: limit)
            }
        }
        containers = metadata.members("containers").map(\.0)
        storages = metadata.members("storage").map(Storage.init)
        resources = metadata.members("resources").map(\.0)
        extraBindings = metadata.members("extra-bindings").map(\.0)
        options = try config.members("options").map(ConfigOption.init)
        self.actions = actions.members.map(ActionDescription.init)
    }

    private static func document(_ name: String, in directory: String) throws -> JSONValue? {
        do {
            let bytes = try FileBytes.read("\(directory)/\(name)", limit: 16 << 20)
            return try yamlValue(String(decoding: bytes, as: UTF8.self))
        } catch let error as SystemError where error.isNotFound {
            return nil
        } catch {
            throw CharmError(message: "\(name): \(error)")
        }
    }
}

extension CharmDescription.Storage {
    init(name: String, body: JSONValue) {
        self.name = name
        kind = body["type"]?.stringValue ?? "filesystem"
        guard let range = body["multiple"]?["range"] else {
            (minimumCount, maximumCount) = (1, 1)
            return
        }
        // "2", "1-3", "2+", "0-": the bounds around the first character that is not a digit.
        let text = range.stringValue ?? range.integerValue.map { String($0) } ?? "1"
        let digits = text.prefix { $0.isNumber }
        minimumCount = Int(digits) ?? 1
        let rest = text.dropFirst(digits.count)
        maximumCount = rest.isEmpty ? minimumCount : Int(rest.dropFirst())
    }
}

extension JSONValue {
    /// A member of an object.
    subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The members of an object, by name.
    var members: [(String, JSONValue)] {
        guard case .object(let members) = self else { return [] }
        return members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The members of the object under `name`, by name; none when it is absent or empty.
    func members(_ name: String) -> [(String, JSONValue)] { self[name]?.members ?? [] }

    var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
}
