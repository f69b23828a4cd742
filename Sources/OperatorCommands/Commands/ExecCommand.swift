// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import LinuxSupport
import OneMachine

/// Runs a command beside a container's services.
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Runs a command as the services of a container would.",
        discussion: """
            Its exit code becomes ours.

            EXAMPLE:
              indico-operator exec indico -- /bin/sh -c 'id; pwd'
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(
        help: "The container: indico, indico-nginx, or local.",
        completion: .list(ContainerName.allCases.map(\.rawValue))
    )
    var container: String

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func validate() throws {
        guard ContainerName(rawValue: container) != nil else {
            throw ValidationError(
                "There is no container \(container); there are \(ContainerName.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        if command.isEmpty { throw ValidationError("There is no command after --.") }
    }

    /// Becomes Pebble's own command: it does terminals, signals and exit codes already.
    func run() throws {
        let state = try global.installation()
        guard let container = ContainerName(rawValue: container) else { return }
        let program = state.program(.pebble)
        setenv("PEBBLE", state.pebble(container), 1)
        setenv("PEBBLE_SOCKET", state.socket(container), 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program, "exec", "--"] + command).map { strdup($0) } + [nil]
        execv(program, &arguments)
        let error = SystemError.last("run \(program)")
        for argument in arguments { free(argument) }
        throw error
    }
}
