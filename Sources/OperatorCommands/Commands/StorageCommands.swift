// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Lists the storage of the unit.
struct StorageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage",
        abstract: "Lists the storage the charm has.",
        discussion: """
            EXAMPLE:
              indico-operator storage
              indico-operator storage --format json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "tabular, json or yaml.")
    var format = OutputFormat.tabular

    func run() throws {
        let storages = try global.agent().status().storages
        let output = FileDescriptorOutput.standardOutput
        switch format {
        case .json: output.write(try StructuredOutput.json(storages))
        case .yaml: output.write(try StructuredOutput.yaml(storages))
        case .tabular:
            for storage in storages {
                let state = storage.isDetaching ? "detaching" : storage.isAttached ? "attached" : "pending"
                output.write("\(storage.id)  \(state)  \(storage.kind)  \(storage.location)\n")
            }
        }
    }
}

/// Adds storage.
struct AddStorageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-storage",
        abstract: "Adds storage the charm can take more of.",
        discussion: """
            Each is a directory; the charm is told by its storage-attached hook. The charm of Indico can take \
            'attachments' and 'backups'; on one machine it needs neither, as both have their place below the state \
            directory. A charm put in place with 'refresh' may declare others.

            EXAMPLE:
              indico-operator add-storage backups
              indico-operator add-storage cache --count 2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The storage, as the charm declares it.")
    var name: String

    @Option(help: "How many.")
    var count = 1

    func validate() throws {
        if count < 1 { throw ValidationError("A count of \(count) adds nothing.") }
    }

    func run() throws {
        for id in try global.agent().addStorage(name, count: count) {
            FileDescriptorOutput.standardOutput.write("\(id)\n")
        }
    }
}

/// Takes storage away.
struct DetachStorageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach-storage",
        abstract: "Takes storage from the charm; its files stay.",
        discussion: """
            EXAMPLE:
              indico-operator detach-storage cache/0
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The storage, as 'indico-operator storage' lists it.")
    var id: String

    func run() throws {
        try global.agent().detachStorage(id)
    }
}
