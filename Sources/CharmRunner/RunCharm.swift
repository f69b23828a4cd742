// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import ProgramVersion
import UnitAgent

/// The `run-charm` command: one unit of any charm on this machine, for its author to look at.
///
/// A unit agent and a Pebble for each container, in a directory, under the user who calls; no controller, no cloud.
public struct RunCharm: AsyncParsableCommand {
    /// The command line.
    public static let configuration = CommandConfiguration(
        commandName: "run-charm",
        abstract: "Runs one unit of a charm on this machine, with a Pebble for each of its containers.",
        discussion: """
            EXAMPLE:
              run-charm start charm
              run-charm status
              run-charm config greeting="good day"
              run-charm action greet name=Ada
              run-charm trigger update-status
              run-charm stop
            """,
        version: ProgramVersion.text,
        subcommands: [
            StartCommand.self, StatusCommand.self, ConfigCommand.self, ActionCommand.self, TriggerCommand.self,
            LogCommand.self, StopCommand.self, ServeCommand.self,
        ]
    )

    /// Creates the command.
    public init() {}

    /// Runs the command line this process was started with, and ends the process when it fails.
    public static func runAsProcess() async {
        await main()
    }
}

/// Where the unit's files are.
struct UnitOptions: ParsableArguments {
    @Option(help: "The directory of the unit's files; made when it is missing.")
    var state = "state"

    var unit: RunningUnit {
        get throws { try RunningUnit(state: state) }
    }
}

/// Starts the unit.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Starts the unit in the background and waits until it has nothing to do."
    )

    @OptionGroup var options: UnitOptions

    @Argument(help: "The unpacked charm: metadata.yaml, dispatch, and config.yaml and actions.yaml if it has them.")
    var charm: String

    func run() throws {
        let unit = try options.unit
        try unit.start(charmDirectory: charm)
        try unit.waitUntilSettled(after: nil)
        try print(unit.summary(), terminator: "")
    }
}

/// Shows what is.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Shows the unit's status.")

    @OptionGroup var options: UnitOptions

    func run() throws {
        try print(options.unit.summary(), terminator: "")
    }
}

/// Changes configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Sets options and waits until the charm has dealt with it."
    )

    @OptionGroup var options: UnitOptions

    @Argument(help: "Options, as name=value.")
    var values: [Assignment]

    func run() throws {
        let unit = try options.unit
        let before = try unit.agent.status().unit.agent
        try unit.agent.setConfig(Assignment.dictionary(values))
        try unit.waitUntilSettled(after: before)
        try print(unit.summary(), terminator: "")
    }
}

/// Runs an action.
struct ActionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "action", abstract: "Runs an action and waits for it.")

    @OptionGroup var options: UnitOptions

    @Argument(help: "The action.")
    var name: String

    @Argument(help: "Its parameters, as name=value.")
    var parameters: [Assignment] = []

    func run() throws {
        let agent = try options.unit.agent
        let result = try agent.run(action: name, parameters: Assignment.dictionary(parameters)) { print($0) }
        for (key, value) in result.results.sorted(by: { $0.key < $1.key }) where key != "return-code" {
            print("\(key): \(value)")
        }
        guard result.status == "completed" else {
            throw RunnerError("action \(name) \(result.status): \(result.message)")
        }
    }
}

/// Has the charm run a hook once more.
struct TriggerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Has the charm run a hook once more, with what is so now, and waits for it."
    )

    @OptionGroup var options: UnitOptions

    @Argument(help: "The hook, as in update-status or web-pebble-ready.")
    var hook: String

    func run() throws {
        let unit = try options.unit
        let before = try unit.agent.status().unit.agent
        try unit.agent.trigger(hook: hook)
        try unit.waitUntilSettled(after: before)
        try print(unit.summary(), terminator: "")
    }
}

/// Shows the log.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "log", abstract: "Shows the end of the debug log.")

    @OptionGroup var options: UnitOptions

    @Option(help: "How many lines.")
    var lines = 20

    func run() throws {
        try options.unit.agent.debugLog(lines: lines) { line in
            print(line)
            return true
        }
    }
}

/// Ends the unit's processes; its files stay.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Ends the agent, the Pebbles and the workload; the files stay, and start goes on with them."
    )

    @OptionGroup var options: UnitOptions

    func run() throws {
        try options.unit.stop()
    }
}

/// Is the unit.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the unit in the foreground; what start starts.",
        shouldDisplay: false
    )

    @OptionGroup var options: UnitOptions

    @Argument(help: "The unpacked charm.")
    var charm: String

    func run() async throws {
        try await options.unit.serve(charmDirectory: charm)
    }
}

/// A `name=value` of the command line.
struct Assignment: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }

    /// By name; the last of several counts.
    static func dictionary(_ assignments: [Assignment]) -> [String: String] {
        Dictionary(assignments.map { ($0.name, $0.value) }) { $1 }
    }
}
