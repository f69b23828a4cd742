// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import Pods
import UnitAgent

/// Puts another Indico, or another version of the charm, in place.
struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Changes Indico's version, and goes back by itself when the new one does not come up.",
        discussion: """
            The new Indico is installed beside the old one while that serves. Then visitors are shown a page, the \
            database is backed up and upgraded, and Indico is looked at behind the page before they are let in. \
            Whatever fails or is killed until then, the old Indico and its database are back afterwards.

            With --path another version of the charm runs instead, without stopping anything. It is told by \
            upgrade-charm and config-changed. 'indico-operator up' puts the charm it came with back.

            EXAMPLE:
              indico-operator refresh
              indico-operator refresh --requirements ./requirements.txt
              indico-operator refresh --back
              indico-operator refresh --path ./my-charm
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "Install Indico from requirements of your own: every package it needs, each pinned.",
            valueName: "file"
        ),
        completion: .file()
    )
    var requirements: String?

    @Flag(help: "Print the requirements of the Indico in use, and do nothing else.")
    var printRequirements = false

    @Flag(help: "Go back to the Indico that was in use before the last refresh.")
    var back = false

    @Flag(help: "With --back: bring the database back to the backup from before, too, where the old Indico needs that.")
    var discardChanges = false

    @Flag(help: .hidden)
    var `continue` = false

    @Option(help: "The directory a charm is unpacked in; it is copied.", completion: .directory)
    var path: String?

    @Flag(help: "With --path: do it even while a hook is in error; the hook is run again by the new charm.")
    var forceUnits = false

    func validate() throws {
        guard [requirements != nil, printRequirements, back, `continue`, path != nil].count(where: { $0 }) < 2 else {
            throw ValidationError("Give one of --requirements, --print-requirements, --back and --path.")
        }
        if discardChanges && !back { throw ValidationError("--discard-changes goes with --back.") }
        if forceUnits && path == nil { throw ValidationError("--force-units goes with --path.") }
    }

    func run() throws {
        if let path { return try refreshCharm(path) }
        if printRequirements {
            let environments = InstalledEnvironments(state: try global.installation())
            return FileDescriptorOutput.standardOutput.write(try environments.currentRequirements())
        }
        let environment = global.environment
        let terminal = Terminal.standardOutput(environment: environment)
        let output = FileDescriptorOutput.standardOutput
        if terminal.isTerminal { CursorGuard.installForSteps() }
        let request = RefreshRequest(
            state: try global.installation(),
            goal: goal,
            environment: environment,
            programs: try Programs.ownDirectory()
        )
        let refresh = try Refresh(request) { total in
            StepScreen(offset: 0, total: total, look: terminal.look, isTerminal: terminal.isTerminal) {
                output.write($0)
            }
        }
        switch try refresh.run() {
        case .unchanged(let why): output.write("Nothing was done: \(why).\n")
        case .changed(let version): output.write("\nIndico \(version) serves.\n")
        }
    }

    private var goal: RefreshRequest.Goal {
        if let requirements { return .requirements(AbsolutePath.of(requirements)) }
        if back { return .previous(discardingChanges: discardChanges) }
        return `continue` ? .interrupted : .newest
    }

    private func refreshCharm(_ path: String) throws {
        try global.agent().refresh(charm: AbsolutePath.of(path), force: forceUnits)
        FileDescriptorOutput.standardOutput.write("The charm in \(path) runs from the next hook on.\n")
    }
}

/// Replaces the file of a resource.
struct AttachResourceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach-resource",
        abstract: "Gives the charm another file for a resource.",
        discussion: """
            The charm is told by upgrade-charm. The resources of Indico's charm are images, which one machine does \
            without; a charm put in place with 'refresh' may declare files.

            EXAMPLE:
              indico-operator attach-resource logo=./logo.svg
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The resource and the file, as name=path.")
    var resource: String

    private var parts: [Substring] { resource.split(separator: "=", maxSplits: 1) }

    func validate() throws {
        guard parts.count == 2 else { throw ValidationError("'\(resource)' is not name=path.") }
    }

    func run() throws {
        let pods = PodLayout(try global.installation())
        if pods.isUsed { return try PodImages.attach(resource: String(parts[0]), String(parts[1]), pods, global) }
        try global.agent().attachResource(String(parts[0]), file: AbsolutePath.of(String(parts[1])))
    }
}

/// The agent has a working directory of its own.
enum AbsolutePath {
    static func of(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        var buffer = [CChar](repeating: 0, count: 4096)
        return (getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "") + "/" + path
    }
}
