// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport
import PebbleAPI
import Synchronization

/// Performs hook-tool calls of the running dispatch, one at a time.
final class HookToolRunner: Sendable {
    private let store: ModelStore
    private let unit: @Sendable () -> UnitIdentity
    private let log: DebugLog
    private let now: @Sendable () -> Timestamp
    /// Called when a tool changed the committed model.
    private let changed: @Sendable () -> Void
    /// Called when the charm wants the machine rebooted at once.
    private let rebootNow: @Sendable () -> Void
    /// The running dispatch.
    ///
    /// Held for the whole of a call: that is what makes calls follow one another.
    private let context = Mutex<HookContext?>(nil)

    init(
        store: ModelStore,
        unit: @escaping @autoclosure @Sendable () -> UnitIdentity,
        log: DebugLog,
        now: @escaping @Sendable () -> Timestamp,
        changed: @escaping @Sendable () -> Void,
        rebootNow: @escaping @Sendable () -> Void = {}
    ) {
        self.store = store
        self.unit = unit
        self.log = log
        self.now = now
        self.changed = changed
        self.rebootNow = rebootNow
    }

    /// Takes calls of a dispatch from now on.
    func begin(_ dispatch: HookContext) { context.withLock { $0 = dispatch } }

    /// Takes calls no more, and returns what the dispatch has gathered.
    func end() -> HookContext? {
        context.withLock { context in
            defer { context = nil }
            return context
        }
    }

    /// Performs a call.
    func perform(_ request: ToolRequest) -> ToolReply {
        context.withLock { context in
            guard let dispatch = context, dispatch.id == request.contextID else {
                // The id is the only proof of belonging to the dispatch, so the right one is not told.
                return ToolReply(
                    failure: "bad request: expected context id of the running hook, got \"\(request.contextID)\""
                )
            }
            guard let tool = HookTools.tool(request.tool) else {
                return ToolReply(failure: "bad request: unknown command \"\(request.tool)\"")
            }
            if ToolHelp.isWanted(request.arguments) { return ToolReply(output: ToolHelp.text(tool, dispatch.event)) }
            do {
                let output = try perform(tool, request, &context, dispatch)
                return ToolReply(output: output)
            } catch let failure as ToolFailure {
                return ToolReply(failure: failure.message, exitCode: failure.exitCode)
            } catch {
                return ToolReply(failure: "\(error)")
            }
        }
    }

    private func perform(
        _ tool: any HookToolCommand.Type,
        _ request: ToolRequest,
        _ context: inout HookContext?,
        _ dispatch: HookContext
    ) throws -> String {
        let flags = try tool.flags.parse(request.arguments)
        let (time, unit) = (now(), unit())
        let work: @Sendable (Model) throws -> ToolWork = { model in
            let committedSecrets = try request.tool.hasPrefix("secret-") ? Set(model.secrets().map(\.id)) : []
            for write in dispatch.writes { try write.apply(to: model) }
            var call = ToolCall(
                flags: flags,
                input: request.standardInput,
                directory: request.workingDirectory,
                model: model,
                committedSecrets: committedSecrets,
                unit: unit,
                now: time,
                context: dispatch
            )
            let output = try tool.run(&call)
            // What the commit would refuse is refused here, where the charm can still do something about it.
            for write in call.buffered { try write.apply(to: model) }
            return ToolWork(call, output: output)
        }
        let done = try dispatch.writes.isEmpty && !tool.name.writes ? store.read(work) : store.rehearse(work)
        if !done.immediate.isEmpty {
            try store.write { model in
                for write in done.immediate { try write.apply(to: model) }
            }
            changed()
        }
        context = done.context
        context?.writes += done.buffered
        if done.context.reboot == .now { rebootNow() }
        for line in done.logLines { log.write(line.level, "unit.\(unit.unitName).juju-log", line.text) }
        return try deliver(done.output, flags, request)
    }

    /// Writes the output where `--output` says, or hands it to the caller.
    private func deliver(_ output: String, _ flags: ParsedFlags, _ request: ToolRequest) throws -> String {
        guard let name = flags["output"] else { return output }
        let path = name.hasPrefix("/") ? name : "\(request.workingDirectory)/\(name)"
        try AtomicFile.write(output, to: path, mode: 0o644, isDurable: false)
        return ""
    }
}

/// What a call came to, without the model it looked at.
private struct ToolWork: Sendable {
    let output: String
    let context: HookContext
    let buffered: [ModelWrite]
    let immediate: [ModelWrite]
    let logLines: [(level: LogLevel, text: String)]

    init(_ call: ToolCall, output: String) {
        self.output = output
        context = call.context
        buffered = call.buffered
        immediate = call.immediate
        logLines = call.logLines
    }
}

extension ToolName {
    /// Whether the tool may buffer changes; the others only look.
    fileprivate var writes: Bool {
        switch self {
        case .relationSet, .openPort, .closePort, .stateSet, .stateDelete, .storageAdd, .secretAdd, .secretSet,
            .secretRemove, .secretGrant, .secretRevoke, .secretGet:
            true
        default: false
        }
    }
}
