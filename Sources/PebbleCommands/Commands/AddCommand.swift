// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble add`: a layer more.
struct AddCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Dynamically add a layer to the plan's layers"
    )

    @Flag
    var combine = false

    @Flag
    var inner = false

    @Argument
    var label: String

    @Argument
    var file: String

    func run(in session: Session) throws {
        let yaml = String(decoding: try readLocalFile(file), as: UTF8.self)
        try session.client.addLayer(label: label, yaml: yaml, combine: combine, inner: inner)
        session.output.line("Layer \"\(label)\" added successfully from \"\(file)\"")
    }
}
