// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import Pods
import UnitAgent

/// Puts another version of the charm in place.
struct RefreshCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Has another version of the charm run, without stopping anything.",
        discussion: """
            The charm is told by upgrade-charm and config-changed. 'indico-operator up' puts the charm it came with \
            back.

            EXAMPLE:
              indico-operator refresh --path ./my-charm
              indico-operator refresh --path ./my-charm --force-units
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "The directory the charm is unpacked in; it is copied.", completion: .directory)
    var path: String

    @Flag(help: "Do it even while a hook is in error; the hook is run again by the new charm.")
    var forceUnits = false

    func run() throws {
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
