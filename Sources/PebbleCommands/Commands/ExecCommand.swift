// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import PebbleAPI
import PebbleClient

/// `pebble exec`: a command where the daemon is, as if it were here.
struct ExecCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Execute a remote command and wait for it to finish"
    )

    @Option(name: .customShort("w"), help: "Working directory to run the command in.")
    var workingDirectory: String?

    @Option(help: "Variable to set, as NAME=VALUE; with NAME alone its value here. May be given several times.")
    var env: [String] = []

    @OptionGroup var owner: OwnershipOptions

    @Option(help: "Timeout after which to kill the command.")
    var timeout: GoDuration?

    @Option(help: "Take the environment, user and directory of this service.")
    var context: String?

    @Flag(name: .customShort("t"), help: "Give the command a terminal, whatever this is.")
    var withTerminal = false

    @Flag(name: .customShort("T"), help: "Give the command no terminal.")
    var withoutTerminal = false

    @Flag(name: .customShort("i"), help: "Connect this input to the command's terminal.")
    var interactive = false

    @Flag(name: .customShort("I"), help: "Do not connect this input to the command's terminal.")
    var notInteractive = false

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments, best after --.")
    var command: [String]

    func run(in session: Session) throws {
        let console = Console()
        let call = try call(console, session)
        guard let control = ExecControl() else { throw CommandFailure("no file descriptors left") }
        try console.forwardSignals(to: control, resizes: call.terminal != nil)
        let restore = call.isInteractive ? try console.makeRaw() : nil
        defer { restore?() }
        let code = try session.client.exec(call, control: control) { stream, bytes in
            session.output.bytes(bytes, isError: stream == .standardError)
        }
        if code != 0 {
            restore?()
            throw ExitStatus(code: Int32(truncatingIfNeeded: code))
        }
    }

    /// What to ask the daemon for.
    func call(_ console: Console, _ session: Session) throws -> ExecCall {
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        if words.isEmpty { throw CommandFailure("must specify command") }
        if withTerminal && withoutTerminal { throw CommandFailure("cannot use -t and -T at the same time") }
        if interactive && notInteractive { throw CommandFailure("cannot use -i and -I at the same time") }
        var call = ExecCall(words)
        call.serviceContext = context
        call.workingDirectory = workingDirectory
        call.timeout = timeout?.duration
        call.ownership = owner.ownership
        call.input = .descriptor(STDIN_FILENO)
        for item in env {
            if let equals = item.firstIndex(of: "=") {
                call.environment[String(item[..<equals])] = String(item[item.index(after: equals)...])
            } else {
                call.environment[item] = session.environment[item] ?? ""
            }
        }
        let terminal = withTerminal || (!withoutTerminal && console.isOutputTerminal)
        call.isInteractive = interactive || (!notInteractive && terminal && console.isInputTerminal)
        if terminal {
            call.terminal = console.size ?? ExecCall.TerminalSize(width: 80, height: 24)
            if call.environment["TERM"] == nil { call.environment["TERM"] = session.environment["TERM"] ?? "xterm" }
        }
        call.separatesStandardError = !terminal
        return call
    }
}
