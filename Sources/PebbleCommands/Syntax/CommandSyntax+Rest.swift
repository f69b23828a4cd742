// SPDX-License-Identifier: Apache-2.0

// The second half of the table in `CommandSyntax+All.swift`, and the options that several commands have.

extension CommandSyntax {
    static let format = Option.value("format", .choice(["text", "json", "yaml"]), "Output format (default: text)")
    static let absoluteTime = Option.flag(
        "abs-time",
        "Show times as RFC 3339; else those of the last 60 days are told from now, older ones as a date"
    )
    static let noWait = Option.flag("no-wait", "Print the id of the change, and do not wait for it")
    static let level = Option.value("level", .choice(["alive", "ready"]), "Only checks of this level")

    private static func owner(_ what: String) -> [Option] {
        [
            .value("uid", .signed, "User id \(what)"),
            .value("user", "User name \(what)"),
            .value("gid", .signed, "Group id \(what)"),
            .value("group", "Group name \(what)"),
        ]
    }

    static let files: [CommandSyntax] = [
        CommandSyntax(
            name: "push",
            summary: "Transfer a file to the remote system",
            about: "Copies a file to where the daemon is.",
            options: [
                .flag("p", nil, "Make missing directories above it"), .shortValue("m", "Permissions, as octal digits"),
            ]
                + owner("of the file"),
            arguments: [Argument("local-path"), Argument("remote-path")]
        ),
        CommandSyntax(
            name: "pull",
            summary: "Retrieve a file from the remote system",
            about: "Copies a file from where the daemon is.",
            arguments: [Argument("remote-path"), Argument("local-path")]
        ),
        CommandSyntax(
            name: "ls",
            summary: "List path contents",
            about:
                "Lists a file, or what is in a directory. The last part of the path may be a pattern such as *.yaml.",
            options: [
                absoluteTime, format, .flag("d", nil, "List directories themselves, not what is in them"),
                .flag("l", nil, "Tell more of each"),
            ],
            arguments: [Argument("path")]
        ),
        CommandSyntax(
            name: "mkdir",
            summary: "Create a directory",
            about: "Makes a directory.",
            options: [
                .flag("p", nil, "Make missing directories above it, and take one that is there"),
                .shortValue("m", "Permissions, as octal digits"),
            ] + owner("of the directory"),
            arguments: [Argument("path")]
        ),
        CommandSyntax(
            name: "rm",
            summary: "Remove a file or directory",
            about: "Removes a file, or a directory with nothing in it.",
            options: [.flag("r", nil, "Remove what is in a directory too")],
            arguments: [Argument("path")]
        ),
        CommandSyntax(
            name: "exec",
            summary: "Execute a remote command and wait for it to finish",
            about: """
                Runs a command where the daemon is, with this input and output, and ends with its exit code. "--" keeps
                its options apart from these:

                pebble exec --timeout 10s -- ls -l /srv
                """,
            options: [.shortValue("w", "Directory to run it in"), .value("env", "Variable to set, as NAME=VALUE")]
                + owner("to run it as") + [
                    .value("timeout", .duration, "Time after which it is killed"),
                    .value("context", "Service whose environment, user and directory it gets, where not given here"),
                    .flag("t", nil, "Give it a terminal (default: if standard output is one)"),
                    .flag("T", nil, "Give it none"),
                    .flag("i", nil, "Connect standard input to its terminal (default: if both are terminals)"),
                    .flag("I", nil, "Give it a pipe for standard input"),
                ],
            arguments: [Argument("command")],
            takesRest: true
        ),
    ]

    static let changes: [CommandSyntax] = [
        CommandSyntax(
            name: "changes",
            summary: "List system changes",
            about: "Lists changes of late: all, or those about a service.",
            options: [absoluteTime, format],
            arguments: [Argument("service", .oneAtMost)]
        ),
        CommandSyntax(
            name: "tasks",
            summary: "List a change's tasks",
            about: "Lists what a change consists of.",
            options: [
                absoluteTime, format,
                .value("last", "The last change of a kind, such as start; with ? at the end, none is no error"),
            ],
            arguments: [Argument("change-id", .oneAtMost)],
            ignoresTooMany: true
        ),
    ]

    static let notices: [CommandSyntax] = [
        CommandSyntax(
            name: "warnings",
            summary: "List warnings",
            about: """
                Lists warnings that 'pebble okay' has not been said to since they were listed, or that came again.
                """,
            options: [
                .flag("all", "List the others too"), absoluteTime, format,
                .value(
                    "unicode",
                    .choice(["auto", "never", "always"]),
                    "Whether to use more than ASCII (default: auto)"
                ),
                .flag("verbose", "Tell more of each (text only)"),
            ]
        ),
        CommandSyntax(
            name: "okay",
            summary: "Acknowledge notices and warnings",
            about: "Takes what 'pebble notices' and 'pebble warnings' listed off these lists, until it comes again.",
            options: [.flag("warnings", "Only warnings")]
        ),
        CommandSyntax(
            name: "notices",
            summary: "List notices",
            about: "Lists notices since the last 'pebble okay', oldest first: one's own, and those for everybody.",
            options: [
                absoluteTime, format, .value("users", "All users' with 'all', for administrators"),
                .value("uid", .unsigned, "This user's, for administrators"),
                .value("type", "Only of this type; more than once for several"),
                .value("key", "Only with this key; more than once for several"),
                .value("timeout", .duration, "Wait this long for one"),
            ]
        ),
        CommandSyntax(
            name: "notice",
            summary: "Fetch a single notice",
            about: "Tells one notice: by its id, or by its type and key.",
            options: [format, .value("uid", .unsigned, "This user's, for administrators (with type and key)")],
            arguments: [Argument("id-or-type"), Argument("key", .oneAtMost)]
        ),
        CommandSyntax(
            name: "notify",
            summary: "Record a custom notice",
            about:
                "Records that something happened, under a key such as example.com/backup-done, with data or without.",
            options: [.value("repeat-after", .duration, "Let it not be told again within this time")],
            arguments: [Argument("key"), Argument("name=value", .any)]
        ),
    ]

    private static let from = Option(
        long: "from",
        value: .text,
        help: "YAML file with the identities (required)",
        isRequired: true
    )

    static let identities: [CommandSyntax] = [
        CommandSyntax(
            name: "identities",
            summary: "List all identities",
            about: """
                Lists who may do what. See also identity, add-identities, update-identities and remove-identities.
                """,
            options: [format]
        ),
        CommandSyntax(
            name: "identity",
            summary: "Show a single identity",
            about: "Tells one identity.",
            options: [format],
            arguments: [Argument("name")]
        ),
        CommandSyntax(
            name: "add-identities",
            summary: "Add new identities",
            about: """
                Adds identities that are not there yet, from YAML such as this:

                identities:
                    alice:
                        access: admin
                        local:
                            user-id: 42
                    metrics:
                        access: metrics
                        basic:
                            password: <what "openssl passwd -6" prints>
                """,
            options: [from]
        ),
        CommandSyntax(
            name: "update-identities",
            summary: "Update or replace identities",
            about: """
                Changes identities that are there. With --replace those that are not there are added, and those whose
                value is null are removed.
                """,
            options: [from, .flag("replace", "Add, change and remove")]
        ),
        CommandSyntax(
            name: "remove-identities",
            summary: "Remove identities",
            about: "Removes the identities whose names stand in a file, each with null as its value.",
            options: [from]
        ),
    ]
}
