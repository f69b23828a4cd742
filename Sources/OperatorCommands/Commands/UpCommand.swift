// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import Pods

/// What units run on.
enum Substrate: String, ExpressibleByArgument {
    /// One unit, without containers.
    case machine
    /// Pods of podman's.
    case podman
}

/// Brings Indico up.
struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Brings Indico up; returns when its home page is served.",
        discussion: """
            Does only what is missing: run again it takes seconds, and nothing restarts.

            EXAMPLE:
              indico-operator up
              indico-operator up --database-uri-file ~/indico-database.txt
              indico-operator up --redis-cache redis://cache.example.com
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "Use this PostgreSQL server instead of one of our own.",
            discussion:
                "Written postgresql://USER:PASSWORD@HOST:PORT/DATABASE. Others can see it in a process list: prefer --database-uri-file.",
            valueName: "uri"
        )
    )
    var databaseUri: String?

    @Option(
        help: ArgumentHelp("The same, read from the first line of a file; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var databaseUriFile: String?

    @Option(
        help: ArgumentHelp(
            "Use this Redis server for sessions and cached pages.",
            discussion: "Written redis://USER:PASSWORD@HOST:PORT; with a password, prefer --redis-cache-file.",
            valueName: "url"
        )
    )
    var redisCache: String?

    @Option(
        help: ArgumentHelp("The same, read from the first line of a file; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var redisCacheFile: String?

    @Option(help: ArgumentHelp("Use this Redis server for the queue of background tasks.", valueName: "url"))
    var redisBroker: String?

    @Option(
        help: ArgumentHelp("The same, read from the first line of a file; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var redisBrokerFile: String?

    @Flag(
        help: ArgumentHelp(
            "Run Prometheus and Alertmanager beside it, with Indico's rules.",
            discussion: "They listen on this machine only, and stay until 'destroy'. Debian's packages are used."
        )
    )
    var observability = false

    @Option(
        help: ArgumentHelp(
            "Install Indico from requirements of your own: every package it needs, each pinned.",
            discussion: "Once it is installed, 'refresh --requirements' changes it.",
            valueName: "file"
        ),
        completion: .file()
    )
    var requirements: String?

    @Option(
        help: ArgumentHelp(
            "What the units run on: machine, for one unit without containers, or podman, for several in pods.",
            discussion: "Said once; later what there is counts. Pods take the images that 'make images' builds.",
            valueName: "substrate"
        )
    )
    var substrate: Substrate?

    @Option(name: [.customLong("units"), .customShort("n")], help: "How many units there shall be, in pods.")
    var units: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Whether units in pods keep attachments on one volume; without it several need a bucket."
    )
    var sharedAttachments: Bool?

    @Option(help: ArgumentHelp("Where visitors come in, on the loopback address; with pods.", valueName: "port"))
    var port: UInt16?

    @Option(help: .hidden)
    var stepOffset = 0

    @Option(help: .hidden)
    var stepTotal: Int?

    func validate() throws {
        for (value, file, name) in [
            (databaseUri, databaseUriFile, "--database-uri"), (redisCache, redisCacheFile, "--redis-cache"),
            (redisBroker, redisBrokerFile, "--redis-broker"),
        ] where value != nil && file != nil {
            throw ValidationError("Give \(name) or \(name)-file, not both.")
        }
        if substrate == .machine, (units ?? 1) != 1 || sharedAttachments != nil || port != nil {
            throw ValidationError("--units, --shared-attachments and --port go with --substrate podman.")
        }
        guard [databaseUriFile, redisCacheFile, redisBrokerFile].count(where: { $0 == "-" }) < 2 else {
            throw ValidationError("Standard input can be only one of the files.")
        }
    }

    func run() throws {
        let environment = global.environment
        let state = try global.state()
        let began = ContinuousClock.now
        if substrate == .podman || PodLayout(state).isUsed { return try upInPods(state, began: began) }
        if (units ?? 1) != 1 || sharedAttachments != nil || port != nil {
            throw ValidationError("Several units run in pods: give --substrate podman, too.")
        }
        let output = FileDescriptorOutput.standardOutput
        let terminal = Terminal.standardOutput(environment: environment)
        let screen = StepScreen(
            offset: stepOffset,
            total: (stepTotal ?? stepOffset + Up.stepNames.count) + (observability ? 1 : 0),
            look: terminal.look,
            isTerminal: terminal.isTerminal
        ) { output.write($0) }
        let request = UpRequest(
            state: state,
            external: try externalServers(),
            environment: environment,
            programs: try Programs.ownDirectory(),
            observability: observability,
            requirements: requirements.map(AbsolutePath.of)
        )
        // A line that moves hides the cursor; Ctrl-C has to bring it back.
        if terminal.isTerminal { CursorGuard.installForSteps() }
        try Up(request: request, screen: screen).run()
        output.write(farewell(state: state, environment: environment, took: .now - began, look: terminal.look))
    }

    private func upInPods(_ state: StateDirectory, began: ContinuousClock.Instant) throws {
        guard substrate != .machine else {
            throw OperatorError("\(state.path) holds pods", remedy: "Give one unit a state directory of its own.")
        }
        guard try externalServers().isEmpty, !observability else {
            throw ValidationError("Servers of others and --observability do not go with pods yet.")
        }
        let output = FileDescriptorOutput.standardOutput
        let terminal = Terminal.standardOutput(environment: global.environment)
        let screen = StepScreen(
            offset: stepOffset,
            total: stepTotal ?? stepOffset + PodsUp.stepCount,
            look: terminal.look,
            isTerminal: terminal.isTerminal
        ) { output.write($0) }
        if terminal.isTerminal { CursorGuard.installForSteps() }
        let url = try PodsUp(
            state: state,
            screen: screen,
            environment: global.environment,
            programs: try Programs.ownDirectory(),
            units: units,
            sharesAttachments: sharedAttachments,
            port: port
        ).run()
        output.write(
            farewell(state: state, environment: global.environment, took: .now - began, look: terminal.look, url: url)
        )
    }

    private func externalServers() throws -> [LocalServerName: ServerURL] {
        var servers: [LocalServerName: ServerURL] = [:]
        if let address = try databaseUri ?? databaseUriFile.map(FirstLine.read) {
            servers[.postgresql] = try .postgresql(address)
        }
        if let address = try redisCache ?? redisCacheFile.map(FirstLine.read) {
            servers[.redisCache] = try .redis(address, option: "--redis-cache")
        }
        if let address = try redisBroker ?? redisBrokerFile.map(FirstLine.read) {
            servers[.redisBroker] = try .redis(address, option: "--redis-broker")
        }
        return servers
    }

    private func farewell(
        state: StateDirectory,
        environment: [String: String],
        took: Duration,
        look: StepLook,
        url: String? = nil
    ) -> String {
        func line(_ words: String) -> String {
            ShellCommand.line(words, state: state, environment: environment)
        }
        return """

             Indico is up at \(look.coloured("1", url ?? siteURL(state))), after \(StepLook.text(took))

               first administrator   \(line("run add-admin email=you@example.com"))
               what is running       \(line("status"))
               stop it               \(line("down"))


            """
    }

    private func siteURL(_ state: StateDirectory) -> String {
        SiteAddress.read(state: state) ?? HomePage().url
    }
}
