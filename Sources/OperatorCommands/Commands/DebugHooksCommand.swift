// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import LinuxSupport
import OneMachine
import UnitAgent

/// Runs hooks and actions by hand.
struct DebugHooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug-hooks",
        abstract: "Opens a shell in place of the next hooks or actions.",
        discussion: """
            Each one that matches waits for you, in a shell with its environment and the hook tools: try things, run \
            ./dispatch for what the charm would do, and exit. What the tools wrote is committed when the shell exits \
            with 0; 'exit 1' fails the hook. Ctrl-C between two hooks ends the session.

            EXAMPLE:
              indico-operator debug-hooks
              indico-operator debug-hooks config-changed update-status
              indico-operator debug-hooks --at all config-changed
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The hooks and actions; without any, all.")
    var names: [String] = []

    @Option(
        help: ArgumentHelp(
            "Run the charm itself on this terminal, stopping at these breakpoints, as juju debug-code does.",
            valueName: "breakpoints"
        )
    )
    var at: String?

    func run() throws {
        let terminal = FileDescriptorOutput.standardError
        let own = global.environment
        var failure: SystemError?
        try global.agent().debugHooks(names) {
            terminal.write(
                "Waiting for \(names.isEmpty ? "the next hook" : names.joined(separator: ", ")); Ctrl-C ends.\n"
            )
        } run: { hook in
            terminal.write(
                "\(hook.name): \(at == nil ? "./dispatch is what the charm would do; exit ends it" : "running")\n"
            )
            do throws(SystemError) {
                let code = try HookShell(hook: hook, breakpoints: at, own: own).run()
                terminal.write("\(hook.name): \(code == 0 ? "done" : "failed, with exit code \(code)")\n")
                return code
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
    }
}

/// A shell, or the charm itself, on this terminal in place of a dispatch.
struct HookShell {
    let request: SpawnRequest

    /// - Parameters:
    ///   - hook: The hook.
    ///   - breakpoints: Where the charm stops; nil opens a shell instead.
    ///   - own: The environment of this process, of which the terminal's variables and the user's home are taken.
    init(hook: DebugHook, breakpoints: String?, own: [String: String]) {
        var environment = hook.environment
        for name in ["HOME", "USER", "LOGNAME", "TERM", "SHELL"] { environment[name] = own[name] ?? environment[name] }
        let shell = own["SHELL"].flatMap { $0.isEmpty ? nil : $0 } ?? "/bin/sh"
        if let breakpoints { environment["JUJU_DEBUG_AT"] = breakpoints } else { environment["PS1"] = "\(hook.name)$ " }
        let program = breakpoints == nil ? shell : hook.directory + "/dispatch"
        request = SpawnRequest(
            executable: program,
            arguments: [program],
            environment: environment,
            directory: hook.directory,
            standing: .inherited,
            standardInput: 0,
            standardOutput: 1,
            standardError: 2
        )
    }

    /// Runs it to its end and returns its exit code, as a shell would.
    func run() throws(SystemError) -> Int32 {
        // What is typed at the shell is the shell's.
        let interrupt = signal(SIGINT, SIG_IGN)
        let quit = signal(SIGQUIT, SIG_IGN)
        defer {
            signal(SIGINT, interrupt)
            signal(SIGQUIT, quit)
        }
        let pid = try ProcessSpawner.spawn(request)
        var status: Int32 = 0
        while waitpid(pid.rawValue, &status, 0) < 0 {
            guard errno == EINTR else { throw .last("wait for \(request.executable)") }
        }
        let signalled = status & 0x7f
        return signalled == 0 ? status >> 8 & 0xff : 128 + signalled
    }
}
