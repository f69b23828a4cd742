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

    @Option(name: .customShort("w"))
    var workingDirectory: String?

    @Option
    var env: [String] = []

    @OptionGroup var owner: OwnershipOptions

    @Option
    var timeout: GoDuration?

    @Option
    var context: String?

    @Flag(name: .customShort("t"))
    var withTerminal = false

    @Flag(name: .customShort("T"))
    var withoutTerminal = false

    @Flag(name: .customShort("i"))
    var interactive = false

    @Flag(name: .customShort("I"))
    var notInteractive = false

    @Argument(parsing: .captureForPassthrough)
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
