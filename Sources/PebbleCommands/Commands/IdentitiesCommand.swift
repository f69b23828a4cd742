// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble identities`: who may use the API.
struct IdentitiesCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "identities", abstract: "List all identities")

    @Option
    var format = OutputFormat.text

    func run(in session: Session) throws {
        let identities = try session.client.identities()
        if format != .text {
            session.output.text(try StructuredText.of(["identities": identities], format))
            return
        }
        if identities.isEmpty {
            session.output.error("No identities.\n")
            return
        }
        var table = Table(["Name", "Access", "Types"])
        for (name, identity) in identities.sorted(by: { $0.key < $1.key }) {
            let types = [
                identity.basic == nil ? nil : "basic", identity.cert == nil ? nil : "cert",
                identity.local == nil ? nil : "local",
            ].compactMap { $0 }
            table.add([name, identity.access?.rawValue ?? "-", types.joined(separator: ",")])
        }
        session.output.text(table.text)
    }
}

/// `pebble identity`: one of them.
struct IdentityCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "identity", abstract: "Show a single identity")

    @Option
    var format = OutputFormat.text

    @Argument
    var name: String

    func run(in session: Session) throws {
        guard let identity = try session.client.identities()[name] else {
            throw CommandFailure("cannot find identity \"\(name)\"")
        }
        session.output.text(try StructuredText.of(identity, format == .json ? .json : .yaml))
    }
}
