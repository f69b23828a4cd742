// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import Pods

/// The agent of a unit in a pod, as its container starts it.
struct UnitAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unit-agent",
        abstract: "The unit agent in a pod; its container starts it.",
        shouldDisplay: false
    )

    func run() async throws { try await UnitAgentProcess.run(ProcessEnvironment.current()) }
}

/// The controller of the pods, as its supervisor starts it.
struct PodControllerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod-controller",
        abstract: "The controller of the pods; its supervisor starts it.",
        shouldDisplay: false
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        try PodController(layout: PodLayout(global.installation()), environment: global.environment).run()
    }
}

/// Adds units.
struct AddUnitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-unit",
        abstract: "Adds units to an installation in pods; returns when they serve.",
        discussion: """
            EXAMPLE:
              indico-operator add-unit
              indico-operator add-unit --num-units 2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(name: [.customLong("num-units"), .customShort("n")], help: "How many.")
    var count = 1

    @Flag(help: "Return at once.")
    var noWait = false

    func validate() throws {
        guard (1...20).contains(count) else { throw ValidationError("--num-units is from 1 to 20.") }
    }

    func run() throws {
        let layout = PodLayout(try global.installation())
        let numbers = try PodSpec.change(layout) { spec in
            guard spec.units.count + count <= PodSpec.mostUnits else {
                throw OperatorError("there are addresses for \(PodSpec.mostUnits) units")
            }
            return (0..<count).map { _ in spec.addUnit() }
        }
        let names = numbers.map { "\(PodSpec.application)/\($0)" }.joined(separator: ", ")
        FileDescriptorOutput.standardOutput.write("\(names) \(numbers.count == 1 ? "is" : "are") on the way\n")
        if !noWait { try PodWait.untilSettled(layout, environment: global.environment) }
    }
}

/// Removes units.
struct RemoveUnitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-unit",
        abstract: "Drains and removes units of an installation in pods; returns when they are gone.",
        discussion: """
            Visitors are led to the other units first, and requests under way are finished.

            EXAMPLE:
              indico-operator remove-unit indico/2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The units, as 'indico-operator status' lists them.")
    var units: [String]

    @Flag(help: "Return at once.")
    var noWait = false

    func run() throws {
        let layout = PodLayout(try global.installation())
        let numbers = try units.map { name in
            let parts = name.split(separator: "/")
            guard parts.count == 2, parts[0] == PodSpec.application, let number = Int(parts[1]) else {
                throw ValidationError("'\(name)' is no unit's name; they are like \(PodSpec.application)/0.")
            }
            return number
        }
        try PodSpec.change(layout) { try $0.removeUnits(numbers) }
        FileDescriptorOutput.standardOutput.write(
            "\(units.joined(separator: ", ")) \(units.count == 1 ? "is" : "are") drained and removed\n"
        )
        if !noWait { try PodWait.untilSettled(layout, environment: global.environment) }
    }
}

/// Waits until the pods are what they shall be.
enum PodWait {
    static func untilSettled(_ layout: PodLayout, environment: [String: String]) throws {
        let terminal = Terminal.standardOutput(environment: environment)
        let output = FileDescriptorOutput.standardOutput
        let screen = StepScreen(offset: 0, total: 1, look: terminal.look, isTerminal: terminal.isTerminal) {
            output.write($0)
        }
        if terminal.isTerminal { CursorGuard.installForSteps() }
        try screen.step("Pods") { try PodsSettled(layout: layout).wait($0) }
    }
}

/// Rolls another image through all units.
enum PodImages {
    static func attach(resource: String, _ reference: String, _ pods: PodLayout, _ global: GlobalOptions) throws {
        guard let image = PodImage(rawValue: resource), [.charm, .indico, .nginx].contains(image) else {
            throw OperatorError(
                "there is no resource \(resource)",
                remedy: "Images are attached to indico-image, indico-nginx-image and indico-charm."
            )
        }
        guard try Podman(pods, environment: global.environment).hasImage(reference) else {
            throw OperatorError("podman has no image \(reference)", remedy: "'podman images' lists those there are.")
        }
        try PodSpec.change(pods) { $0.images[image] = reference }
        try PodWait.untilSettled(pods, environment: global.environment)
    }
}
