// SPDX-License-Identifier: Apache-2.0
import HookProtocol

extension AgentCore {
    /// Relates an endpoint to an application, or updates that relation; returns its number.
    func integrate(_ endpoint: String, _ remote: RemoteApplication) throws -> Int {
        guard let declared = charm.endpoint(endpoint) else {
            let known = charm.endpoints.map(\.name).joined(separator: ", ")
            throw ControlFailure(.notFound, "the charm \(charm.name) has no endpoint \(endpoint); it has \(known)")
        }
        if declared.role == .peers { return try updatePeers(endpoint, remote) }
        guard remote.name != unit.application, !remote.name.isEmpty, !remote.name.contains("/") else {
            throw ControlFailure(.invalid, "\"\(remote.name)\" cannot be the name of a remote application")
        }
        let number = try store.write { model in
            let number =
                try model.relation(declared, with: remote.name, unit)
                ?? {
                    try model.addRelation(
                        endpoint: endpoint,
                        interface: declared.interface,
                        remote: remote.name,
                        isPeer: false,
                        unit: unit.unitName,
                        address: unit.address
                    )
                }()
            try model.update(number, remote, reader: unit.application)
            return number
        }
        changes.signal()
        return number
    }

    /// Says which other units the application has, and what stands in their databags of a peer relation.
    private func updatePeers(_ endpoint: String, _ peers: RemoteApplication) throws -> Int {
        let unit = unit
        guard peers.name == unit.application, peers.databag.isEmpty, peers.secrets.isEmpty,
            peers.units[unit.unit.number] == nil
        else {
            throw ControlFailure(
                .invalid,
                "\(endpoint) relates the units of \(unit.application) with each other: only other units of it and their databags can be given"
            )
        }
        let number = try store.write { model in
            guard let relation = try model.relations().first(where: { $0.id.endpoint == endpoint }) else {
                throw ControlFailure(.notFound, "there is no peer relation \(endpoint)")
            }
            try model.update(relation.number, peers, uris: [:])
            return relation.number
        }
        changes.signal()
        return number
    }

    /// Begins the removal of a relation.
    func removeRelation(_ endpoint: String, _ application: String?) throws {
        try store.write { model in
            let found = try model.relations().filter {
                $0.id.endpoint == endpoint && !$0.isPeer && !$0.isDying
                    && (application == nil || $0.remoteApplication == application)
            }
            guard let relation = found.first else {
                let with = application.map { " with \($0)" } ?? ""
                throw ControlFailure(.notFound, "endpoint \(endpoint) has no relation\(with)")
            }
            guard found.count == 1 else {
                let names = found.map(\.remoteApplication).joined(separator: ", ")
                throw ControlFailure(.conflict, "endpoint \(endpoint) has several relations (\(names)); say which")
            }
            let isBeingCreated = try model.hookRecord()?.event().relation?.id.number == relation.number
            if relation.isCreated || isBeingCreated {
                try model.setDying(relation: relation.number)
            } else {
                // The charm has not heard of it, so there is nothing to take back.
                try model.deleteRelation(relation.number)
            }
        }
        changes.signal()
    }

    /// Begins the removal of the unit.
    func removeUnit() throws {
        try store.write { try $0.setFlag(.dying) }
        changes.signal()
    }
}

extension Model {
    /// The relation of an endpoint with an application; `nil` when it may be made.
    fileprivate func relation(
        _ endpoint: CharmDescription.Endpoint,
        with application: String,
        _ unit: UnitIdentity
    ) throws -> Int? {
        let ofEndpoint = try relations().filter { $0.id.endpoint == endpoint.name }
        if let known = ofEndpoint.first(where: { $0.remoteApplication == application }) {
            guard !known.isDying else {
                throw ControlFailure(
                    .conflict,
                    "the relation of \(endpoint.name) with \(application) is still being removed; try again when it is gone"
                )
            }
            return known.number
        }
        if let limit = endpoint.limit, ofEndpoint.filter({ !$0.isDying }).count >= limit {
            let names = ofEndpoint.map(\.remoteApplication).joined(separator: ", ")
            throw ControlFailure(
                .conflict,
                "endpoint \(endpoint.name) takes no more than \(limit) and is related to \(names); remove that first"
            )
        }
        return nil
    }

    /// Makes the remote side of a relation what the operator says it is.
    fileprivate func update(_ number: Int, _ remote: RemoteApplication, reader: String) throws {
        let uris = try updateSecrets(number, remote, reader: reader)
        try update(number, remote, uris: uris)
    }

    /// Makes databags and units of a relation what the operator says they are; in databags, secrets are these.
    fileprivate func update(_ number: Int, _ remote: RemoteApplication, uris: [String: String]) throws {
        let resolve = { (databag: [String: DatabagValue]) in
            try databag.mapValues { value in
                switch value {
                case .text(let text): return text
                case .secret(let name):
                    guard let uri = uris[name] else {
                        throw ControlFailure(
                            .invalid,
                            "a databag refers to a secret \(name) that is not among the secrets"
                        )
                    }
                    return uri
                }
            }.filter { !$0.value.isEmpty }
        }
        // The databag of the own application is not for others to write.
        if try relation(number)?.isPeer == false {
            try setDatabag(number, of: remote.name, to: try resolve(remote.databag))
        }
        var units: Set<String> = []
        for (index, databag) in remote.units {
            let unit = "\(remote.name)/\(index)"
            units.insert(unit)
            try setDatabag(number, of: unit, to: try resolve(databag))
            try setPresent(true, unit: unit, relation: number)
        }
        for member in try relation(number)?.members ?? [] where !units.contains(member.unit) {
            try setPresent(false, unit: member.unit, relation: number)
        }
    }

    /// Makes the remote application's secrets what the operator says; returns their URIs by name.
    private func updateSecrets(_ number: Int, _ remote: RemoteApplication, reader: String) throws -> [String: String] {
        let known = try secrets().filter { $0.relation == number }
        for secret in known where remote.secrets[secret.name ?? ""] == nil { try deleteSecret(secret.id) }
        var uris: [String: String] = [:]
        for (name, content) in remote.secrets {
            guard !content.isEmpty else { throw ControlFailure(.invalid, "the secret \(name) has no content") }
            if let secret = known.first(where: { $0.name == name }) {
                uris[name] = SecretText.uri(secret.id)
                try update(secret, content)
                continue
            }
            let id = SecretText.newID()
            uris[name] = SecretText.uri(id)
            try setSecret(
                SecretState(
                    id: id,
                    ownerKind: .remote,
                    owner: remote.name,
                    rotate: .never,
                    relation: number,
                    name: name
                )
            )
            try addRevision(SecretRevision(revision: 1, content: content), secret: id)
            try addGrant(SecretGrant(secret: id, relation: number, target: reader))
        }
        return uris
    }

    private func update(_ secret: SecretState, _ content: [String: String]) throws {
        let revisions = try revisions(ofSecret: secret.id)
        guard let latest = revisions.last, latest.content != content else { return }
        try addRevision(SecretRevision(revision: latest.revision + 1, content: content), secret: secret.id)
        let tracked = try tracking(ofSecret: secret.id)?.revision
        for old in revisions where old.revision != tracked { try deleteRevision(old.revision, secret: secret.id) }
    }
}
