// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble add`: a layer more.
struct AddCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Dynamically add a layer to the plan's layers"
    )

    @Flag(help: "Combine the new layer with an existing layer that has the given label.")
    var combine = false

    @Flag(help: "Allow appending a new layer inside an existing sub-directory.")
    var inner = false

    @Argument(help: "What the layer is called.")
    var label: String

    @Argument(help: "The file it is in.")
    var file: String

    func run(in session: Session) throws {
        let yaml = String(decoding: try readLocalFile(file), as: UTF8.self)
        try session.client.addLayer(label: label, yaml: yaml, combine: combine, inner: inner)
        session.output.line("Layer \"\(label)\" added successfully from \"\(file)\"")
    }
}
