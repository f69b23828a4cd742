// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import Pods
import UnitAgent

/// Removes a relation.
struct RemoveRelationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-relation",
        abstract: "Disconnects Indico from a service.",
        discussion: """
            EXAMPLE:
              indico-operator remove-relation smtp
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The endpoint, as 'indico-operator status' lists it.")
    var endpoint: String

    @Argument(help: "The application at the other end, where there are several.")
    var application: String?

    func run() throws {
        let pods = PodLayout(try global.installation())
        try global.agent().removeRelation(endpoint: endpoint, application: application)
        if pods.isUsed { try PodSpec.change(pods) { $0.relations[endpoint] = nil } }
        FileDescriptorOutput.standardOutput.write(
            "The relation on \(endpoint) goes as soon as the charm has seen it.\n"
        )
    }
}
