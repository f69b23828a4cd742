// SPDX-License-Identifier: Apache-2.0

/// Why an environment is not one of a dispatch.
public enum HookEnvironmentError: Error, Hashable, CustomStringConvertible {
    /// A variable that the event needs is not set, or empty.
    case missing(variable: String)
    /// A variable does not have the form it must have.
    case malformed(variable: String, value: String)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .missing(let variable): "cannot read the event: \(variable) is not set (was this started by a unit agent?)"
        case .malformed(let variable, let value): "cannot read the event: \(variable) is malformed: \"\(value)\""
        }
    }
}

/// Reads typed values out of a dispatch's variables; an empty variable counts as absent.
struct VariableReader {
    let variables: [String: String]

    func optional(_ name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    func required(_ name: String) throws(HookEnvironmentError) -> String {
        guard let value = optional(name) else { throw .missing(variable: name) }
        return value
    }

    func unit(_ name: String) throws(HookEnvironmentError) -> UnitName? {
        guard let text = optional(name) else { return nil }
        guard let unit = UnitName(text) else { throw .malformed(variable: name, value: text) }
        return unit
    }

    func relationEvent() throws(HookEnvironmentError) -> RelationEvent {
        let text = try required("JUJU_RELATION_ID")
        guard let parsed = RelationID(text) else { throw .malformed(variable: "JUJU_RELATION_ID", value: text) }
        return RelationEvent(
            id: RelationID(endpoint: optional("JUJU_RELATION") ?? parsed.endpoint, number: parsed.number),
            remoteApplication: optional("JUJU_REMOTE_APP"),
            remoteUnit: try unit("JUJU_REMOTE_UNIT"),
            departingUnit: try unit("JUJU_DEPARTING_UNIT")
        )
    }

    func storageEvent() throws(HookEnvironmentError) -> StorageEvent {
        let id = try required("JUJU_STORAGE_ID")
        let parts = id.split(separator: "/")
        guard parts.count == 2, let index = Int(parts[1]) else {
            throw .malformed(variable: "JUJU_STORAGE_ID", value: id)
        }
        return StorageEvent(
            name: String(parts[0]),
            index: index,
            location: optional("JUJU_STORAGE_LOCATION"),
            kind: optional("JUJU_STORAGE_KIND")
        )
    }

    func secretEvent(needsRevision: Bool = false) throws(HookEnvironmentError) -> SecretEvent {
        var revision: Int?
        if let text = optional("JUJU_SECRET_REVISION") {
            guard let number = Int(text) else { throw .malformed(variable: "JUJU_SECRET_REVISION", value: text) }
            revision = number
        }
        if needsRevision, revision == nil { throw .missing(variable: "JUJU_SECRET_REVISION") }
        return SecretEvent(
            id: try required("JUJU_SECRET_ID"),
            label: optional("JUJU_SECRET_LABEL"),
            revision: revision
        )
    }
}
