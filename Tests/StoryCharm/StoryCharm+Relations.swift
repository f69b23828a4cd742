// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension StoryCharm {
    func friends(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation else { return }
        try tell(model, "friends", try relation.units().map(\.description).joined(separator: " "))
    }

    func friend(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation, let unit = event.hook?.relation?.remoteUnit else { return }
        try tell(model, "mood", "\(unit) \(try relation.data(.remoteUnit(unit))["mood"] ?? "")")
    }

    func databaseCreated(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation else { return }
        try relation.set(["wanted": "db-of-\(try remote(relation))"], in: .ownApplication)
    }

    func databaseJoined(_ event: Event, _ model: Model) throws {
        guard let unit = event.hook?.relation?.remoteUnit else { return }
        try event.relation?.set(["joined": unit.description], in: .ownUnit)
    }

    func databaseChanged(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation else { return }
        let remote = try remote(relation)
        let data = try relation.data(.remoteApplication)
        let seen = try relation.units().map { "\($0)=\(try relation.data(.remoteUnit($0))["host"] ?? "")" }
        try relation.set(
            [
                "seen": seen.joined(separator: " "),
                "by": event.hook?.relation?.remoteUnit?.description ?? "application",
                "version": data["version"] ?? "",
                "changes": String(try count(model, "changes")),
            ],
            in: .ownUnit
        )
        guard let id = data["secret-user"] else { return }
        let user = try model.secret(id: id, label: "user-\(remote)").content()
        try tell(model, "user-\(remote)", user["username"] ?? "")
    }

    func databaseDeparted(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation, let about = event.hook?.relation, let unit = about.remoteUnit else {
            return
        }
        let leaving = about.departingUnit?.description ?? ""
        try tell(model, "departed-\(try remote(relation))", "\(unit) \(leaving) \(try relation.units().count)")
    }

    func databaseBroken(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation else { return }
        let left = try model.relations("db").filter(\.isActive).count
        try tell(model, "broken-\(try remote(relation))", String(left))
    }

    func siteCreated(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation else { return }
        let token = try model.addSecret(
            ["token-key": "one"],
            label: "token",
            description: "of the site",
            rotation: .monthly
        )
        try token.grant(to: relation)
        try relation.set(["token": token.id ?? ""], in: .ownApplication)
        _ = try model.addSecret(["brief-key": "short"], owner: .unit, label: "brief", expiry: "1h")
    }

    func siteChanged(_ event: Event, _ model: Model) throws {
        guard let relation = event.relation, let unit = event.hook?.relation?.remoteUnit else { return }
        guard try relation.data(.remoteUnit(unit))["renew"] == "yes" else { return }
        let token = model.secret(label: "token")
        let old = try token.content()["token-key"] ?? ""
        try token.set(["token-key": "two"])
        let info = try token.info()
        let words = [old, String(info.revision), info.rotation?.rawValue ?? "", info.description ?? ""]
        try tell(model, "token", words.joined(separator: " "))
    }

    private func remote(_ relation: Relation) throws -> String { try relation.remoteApplication() ?? "" }
}
