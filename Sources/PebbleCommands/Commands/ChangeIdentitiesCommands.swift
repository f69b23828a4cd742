// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble add-identities`: new ones from a file.
struct AddIdentitiesCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "add-identities", abstract: "Add new identities")

    @OptionGroup var source: IdentitiesFile

    func run(in session: Session) throws {
        let identities = try source.read(to: "add")
        try session.client.changeIdentities(.add, identities)
        session.output.line("Added \(IdentitiesFile.count(identities, of: "new ")).")
    }
}

/// `pebble update-identities`: changed ones from a file.
struct UpdateIdentitiesCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-identities",
        abstract: "Update or replace identities"
    )

    @OptionGroup var source: IdentitiesFile

    @Flag
    var replace = false

    func run(in session: Session) throws {
        let identities = try source.read(to: "update")
        try session.client.changeIdentities(replace ? .replace : .update, identities)
        session.output.line("\(replace ? "Replaced" : "Updated") \(IdentitiesFile.count(identities)).")
    }
}

/// `pebble remove-identities`: those whose value in a file is null.
struct RemoveIdentitiesCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "remove-identities", abstract: "Remove identities")

    @OptionGroup var source: IdentitiesFile

    func run(in session: Session) throws {
        let identities = try source.read(to: "remove")
        try session.client.changeIdentities(.remove, identities)
        session.output.line("Removed \(IdentitiesFile.count(identities)).")
    }
}
