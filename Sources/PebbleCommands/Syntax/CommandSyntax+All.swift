// SPDX-License-Identifier: Apache-2.0

// Names, options and arguments are those of the original; what is said about them is ours.

extension CommandSyntax {
    /// Every command, in the order help tells them.
    static let all: [CommandSyntax] =
        daemon + information + plan + services + checks + files + changes + notices + identities

    /// The command of a name, or the error that there is none.
    static func known(_ name: String) throws(CommandFailure) -> CommandSyntax {
        guard let command = named(name) else {
            throw CommandFailure("unknown command \"\(name)\", see 'pebble help'")
        }
        return command
    }

    static func named(_ name: String) -> CommandSyntax? { all.first { $0.name == name } }

    private static let daemonOptions: [Option] = [
        .flag("create-dirs", "Make the directory if it is not there"),
        .flag("hold", "Start no services until a client asks for it"),
        .value("http", "Serve what is open to all over HTTP, on an address such as \":4000\" or \"[::1]:4000\""),
        .value("https", "Serve the API over HTTPS, on an address such as \":8443\""),
        .flag("v", "verbose", "Write what services write to standard output (as PEBBLE_VERBOSE=1 does)"),
        .value("args", "Arguments for a service in place of its default ones, up to \";\""),
        .value("identities", "Take identities from this file, as update-identities --replace does"),
    ]

    private static let daemon: [CommandSyntax] = [
        CommandSyntax(
            name: "run",
            summary: "Run the service manager environment",
            about: """
                Runs the daemon until it is told to end, and starts the services that are enabled.

                What stands in brackets at the end of a service's command is the default for what --args gives; the
                list ends with ";" or with the line:

                pebble run --args web --port 8080 \\; --hold
                """,
            options: daemonOptions
        ),
        CommandSyntax(
            name: "enter",
            summary: "Run subcommand under a container environment",
            about: """
                Runs the daemon for the time of one command, as the first process of a container does. Without a
                command it is the same as run.

                The daemon keeps silent during help, version, plan, services, ls and exec, and starts no services. It
                starts them and goes on after start, and after stop, which needs --run.
                """,
            options: daemonOptions + [.flag("run", "Start the enabled services before the command")],
            arguments: [Argument("subcommand", .any)],
            takesRest: true,
            isShown: false
        ),
    ]

    private static let information: [CommandSyntax] = [
        CommandSyntax(
            name: "help",
            summary: "Show help about a command",
            about: "Tells what commands there are, or about one of them.",
            options: [
                .flag("all", "Tell each command in a line"),
                Option(long: "man", value: .none, help: "Write the manual page", isShown: false),
            ],
            arguments: [Argument("command", .any)]
        ),
        CommandSyntax(
            name: "version",
            summary: "Show version details",
            about: "Tells the version of this command and of the daemon, \"-\" if none answers.",
            options: [format, .flag("client", "Leave the daemon out")]
        ),
    ]

    private static let plan: [CommandSyntax] = [
        CommandSyntax(
            name: "add",
            summary: "Dynamically add a layer to the plan's layers",
            about: """
                Adds the layer in a file on top of the others, under a label. With --combine it is laid over the layer
                that has the label, if one has. Services stay as they are until replan.
                """,
            options: [
                .flag("combine", "Lay it over the layer of the same label"),
                .flag("inner", "Let it go in between, where its label names a directory of layers"),
            ],
            arguments: [Argument("label"), Argument("layer-path")]
        ),
        CommandSyntax(
            name: "plan",
            summary: "Show the plan with layers combined",
            about: "Writes the plan as YAML: all layers laid over each other as their override says."
        ),
        CommandSyntax(
            name: "replan",
            summary: "Ensure running services and checks match the current plan",
            about: "Restarts what has changed in the plan since it was started, and starts what is enabled.",
            options: [noWait],
            ignoresTooMany: true
        ),
    ]

    private static let services: [CommandSyntax] = [
        CommandSyntax(
            name: "services",
            summary: "Query the status of configured services",
            about: "Tells what services are doing: those named, or all.",
            options: [format, absoluteTime],
            arguments: [Argument("service", .any)]
        ),
        CommandSyntax(
            name: "logs",
            summary: "Fetch service logs",
            about: "Writes what services wrote last, in the order of time: those named, or all.",
            options: [
                .flag("f", "follow", "Go on with what they write from now on, until Ctrl-C"),
                .shortValue("n", "How many lines to begin with, or 'all'; 30 if not given"),
                .value("format", .choice(["text", "json"]), "Output format (default: text)"),
            ],
            arguments: [Argument("service", .any)]
        ),
        CommandSyntax(
            name: "start",
            summary: "Start a service and its dependencies",
            about: "Starts services, and before them what they require.",
            options: [noWait],
            arguments: [Argument("service", .atLeastOne)]
        ),
        CommandSyntax(
            name: "restart",
            summary: "Restart a service",
            about: "Stops services and starts them again; those that do not run are started.",
            options: [noWait],
            arguments: [Argument("service", .atLeastOne)]
        ),
        CommandSyntax(
            name: "signal",
            summary: "Send a signal to one or more running services",
            about: "Sends a signal to the main processes of services. Its name is upper case, with or without SIG.",
            arguments: [Argument("SIGNAL"), Argument("service", .anyByTheDaemon)]
        ),
        CommandSyntax(
            name: "stop",
            summary: "Stop a service and its dependents",
            about: "Stops services, and before them what requires them.",
            options: [noWait],
            arguments: [Argument("service", .atLeastOne)]
        ),
        CommandSyntax(
            name: "autostart",
            summary: "Start services set to start by default",
            about: "Starts the services that are enabled.",
            options: [noWait],
            ignoresTooMany: true,
            isShown: false
        ),
    ]

    private static let checks: [CommandSyntax] = [
        CommandSyntax(
            name: "checks",
            summary: "Query the status of configured health checks",
            about: "Tells how checks stand: those named, or all, or those of a level.",
            options: [format, level],
            arguments: [Argument("check", .any)]
        ),
        CommandSyntax(
            name: "check",
            summary: "Query the details of a configured health check",
            about: "Tells how one check stands, and what its last failures were.",
            options: [format, .flag("refresh", "Run it now")],
            arguments: [Argument("check")]
        ),
        CommandSyntax(
            name: "start-checks",
            summary: "Start one or more checks",
            about: "Starts checks; those that run already go on.",
            arguments: [Argument("check", .atLeastOne)]
        ),
        CommandSyntax(
            name: "stop-checks",
            summary: "Stop one or more checks",
            about: "Stops checks; those that do not run stay as they are.",
            arguments: [Argument("check", .atLeastOne)]
        ),
        CommandSyntax(
            name: "health",
            summary: "Query health of checks",
            about: """
                Tells whether checks are healthy: those named, or all, or those of a level. If not, the exit code is 1,
                except with --format json or yaml.
                """,
            options: [format, level],
            arguments: [Argument("check", .any)]
        ),
    ]
}
