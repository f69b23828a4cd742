// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// Runs a charm in this process: a world and an event in, the world after it out.
public struct CharmTest {
    private let makeCharm: (HookEnvironment) throws -> any Charm
    private let declaration: CharmDeclaration?

    /// Tests a charm as its `dispatch` would make it.
    ///
    /// - Parameters:
    ///   - charm: The charm.
    ///   - declaration: What the charm's files declare; with it defaults are filled in, and worlds and types that do not
    ///     fit are refused. See ``CharmDeclaration/init(charmDirectory:)``.
    public init(_ charm: (some Charm).Type, declaration: CharmDeclaration? = nil) {
        makeCharm = { try charm.init(environment: $0) }
        self.declaration = declaration
    }

    /// Tests a charm made in another way, for example with a clock of the test's.
    ///
    /// - Parameters:
    ///   - declaration: What the charm's files declare; nil for not checked.
    ///   - makeCharm: Makes the charm for one dispatch.
    public init(
        declaration: CharmDeclaration? = nil,
        _ makeCharm: @escaping (HookEnvironment) throws -> any Charm
    ) {
        self.makeCharm = makeCharm
        self.declaration = declaration
    }

    /// Runs one event.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - world: The world before it.
    /// - Returns: What came of it; a failing charm is a result too, see ``Output/error``.
    /// - Throws: ``ImpossibleWorld`` when Juju could never bring about this event in this world, or when the charm read
    ///   its configuration or parameters into a type that does not fit what it declares.
    public func run(_ event: HookEvent, in world: World) throws(ImpossibleWorld) -> Output {
        try world.validate(event, declaration: declaration)
        let agent = FakeAgent(
            world: declaration?.filled(world, event) ?? world,
            event: event,
            declaration: declaration
        )
        let metadata = declaration?.metadata ?? world.metadata
        let pebbles = world.containers.mapValues { FakePebble(state: $0) }
        var debugLines: [String] = []
        let dispatch = Dispatch(
            environment: world.hookEnvironment(event),
            tools: agent,
            metadata: { metadata },
            connect: { FakePebbleConnection(container: $0, pebble: pebbles[$0]) },
            writeOutput: { debugLines.append($0) },
            remembersRelations: world.remembersRelations
        )
        let error = dispatch.run(makeCharm)
        try check(dispatch.typesRead, event)
        var after = agent.end(failed: error != nil)
        // Nothing a charm can write; what was filled in is the controller's.
        after.config = world.config
        after.actionParameters = world.actionParameters
        for (name, pebble) in pebbles { after.containers[name] = pebble.state }
        return Output(
            world: after,
            error: error,
            toolCalls: agent.calls,
            containerCalls: pebbles.sorted { $0.key < $1.key }.flatMap { name, pebble in
                pebble.calls.map { ContainerCall(container: name, change: $0) }
            },
            log: agent.log,
            debugLines: debugLines,
            shownStatuses: agent.shownStatuses,
            action: event.isAction ? agent.action : nil,
            addedStorage: error == nil ? agent.addedStorage : [:],
            reboot: error == nil || agent.reboot == .now ? agent.reboot : nil
        )
    }

    private func check(_ types: TypesRead, _ event: HookEvent) throws(ImpossibleWorld) {
        guard let declaration else { return }
        var problems = types.config.flatMap { declaration.problems(of: $0) }
        if case .action(let action) = event {
            problems += types.parameters.flatMap { declaration.problems(of: $0, forAction: action.name) }
        }
        guard problems.isEmpty else { throw ImpossibleWorld(problems: problems) }
    }
}

/// What came of an event.
public struct Output {
    /// The world after it; as before when the charm failed, save for what Juju keeps even then.
    public let world: World
    /// Why the charm failed; nil when it did not.
    public let error: (any Error)?
    /// The hook tools it called, in order.
    public let toolCalls: [ToolCall]
    /// What it changed in containers, in order for each.
    public let containerCalls: [ContainerCall]
    /// What it logged at level info and above.
    public let log: [Log.Line]
    /// What it logged below that.
    public let debugLines: [String]
    /// The unit's statuses in the order they were shown, the last one included.
    public let shownStatuses: [Status]
    /// What it answered, when the event was an action.
    public let action: ActionOutput?
    /// How many more instances of storages it asked for, by name.
    public let addedStorage: [String: Int]
    /// The reboot it asked for; nil for none.
    public let reboot: Reboot?

    /// How often a tool was called.
    public func count(_ tool: ToolName) -> Int { toolCalls.count { $0.tool == tool } }

    /// The commands it ran in a container, in order.
    public func commands(in container: String) -> [ExecCommand] {
        containerCalls.compactMap { call in
            guard call.container == container, case .executed(let command) = call.change else { return nil }
            return command
        }
    }

    /// What it changed in a container other than by running commands.
    public func changes(in container: String) -> [ContainerCall.Change] {
        containerCalls.filter { $0.container == container }.map(\.change).filter {
            if case .executed = $0 { false } else { true }
        }
    }
}

/// One call of a hook tool.
public struct ToolCall: Sendable, Hashable {
    /// The tool.
    public let tool: ToolName
    /// Its arguments.
    public let arguments: [String]
    /// What it read on standard input.
    public let input: String?
}

/// One change in a container.
public struct ContainerCall: Sendable, Hashable {
    /// What was changed.
    public enum Change: Sendable, Hashable {
        /// A layer was added or laid over the one of its label.
        case layer(String)
        /// A service was started.
        case started(String)
        /// A service was stopped.
        case stopped(String)
        /// A signal was sent to a service.
        case signalled(String, service: String)
        /// A file was written.
        case wrote(String)
        /// A directory was made.
        case madeDirectory(String)
        /// A path was removed.
        case removed(String)
        /// A check was started or stopped.
        case check(String, running: Bool)
        /// A command was run.
        case executed(ExecCommand)
        /// A notice was recorded.
        case notified(String)
    }

    /// The container.
    public let container: String
    /// What was changed.
    public let change: Change
}

/// What an action answered.
public struct ActionOutput: Sendable, Hashable {
    /// The results by key.
    public var results: [String: String] = [:]
    /// Why it failed; nil when it did not.
    public var failure: String?
    /// The lines of progress.
    public var log: [String] = []
}

extension World {
    func hookEnvironment(_ event: HookEvent) -> HookEnvironment {
        HookEnvironment(
            event: event,
            contextID: "\(unit)-\(event.name)-test",
            agentSocket: "",
            offersNativeHookTools: false,
            charmDirectory: "/charm",
            unit: unit,
            model: model,
            jujuVersion: jujuVersion,
            proxies: proxies,
            path: "/usr/bin",
            additional: environment
        )
    }

    var metadata: CharmMetadata {
        CharmMetadata(
            peers: Set(relations.filter(\.isPeer).map(\.endpoint)),
            requires: Set(relations.filter { !$0.isPeer }.map(\.endpoint)),
            containers: Set(containers.keys)
        )
    }
}
