// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

/// Serves the control socket: a thread for each connection, requests and replies as lines of JSON.
final class ControlServer: Sendable {
    private let listener: LocalListener
    private let core: AgentCore

    init(core: AgentCore) throws(SystemError) {
        listener = try LocalListener(path: core.configuration.controlSocketPath)
        self.core = core
    }

    /// Begins to accept.
    func start() throws(SystemError) {
        let (listener, core) = (listener, core)
        try startThread(named: "control") {
            while let descriptor = (try? listener.accept()) ?? nil {
                let started: ()? = try? startThread(named: "control-client") {
                    ControlSession(core: core).serve(LocalConnection(descriptor: descriptor))
                }
                // Without a thread the caller is told by the end of the connection.
                if started == nil { _ = LocalConnection(descriptor: descriptor) }
            }
        }
    }

    func stop() { listener.stop() }
}

/// One connection to the control socket.
struct ControlSession: Sendable {
    let core: AgentCore

    func serve(_ connection: consuming LocalConnection) {
        // Only the agent's own user may ask: the socket's mode says so, and the kernel confirms it.
        guard isOwnUser(connection) else { return }
        // A connection that breaks is over; nobody is left to be told.
        while let line = try? connection.readLine() {
            do {
                let request = try AgentJSON.decode(ControlRequest.self, from: line)
                if case .debugLog(let lines, let follow) = request {
                    try streamLog(lines, follow: follow, to: connection)
                    return
                }
                if case .debugHooks(let names) = request { return try core.serveDebugHooks(names, on: &connection) }
                try connection.send(reply(to: request))
            } catch let error as DecodingError {
                let failure = ControlFailure(.invalid, "cannot understand the request: \(error)")
                if (try? connection.send(ControlReply.failed(failure))) == nil { return }
            } catch {
                return
            }
        }
    }

    /// Answers a request.
    func reply(to request: ControlRequest) -> ControlReply {
        do {
            return try answer(request)
        } catch let failure as ControlFailure {
            return .failed(failure)
        } catch {
            return .failed(ControlFailure(.failed, "\(error)"))
        }
    }

    private func answer(_ request: ControlRequest) throws -> ControlReply {
        switch request {
        case .status: return .status(try core.snapshot())
        case .configList: return .config(try core.configStates())
        case .configSet(let values): try core.setConfig(values)
        case .configReset(let names): try core.resetConfig(names)
        case .integrate(let endpoint, let remote): return .relation(id: try core.integrate(endpoint, remote))
        case .removeRelation(let endpoint, let application): try core.removeRelation(endpoint, application)
        case .relations: return .relations(try core.relationData())
        case .runAction(let name, let parameters): return .action(try core.enqueue(name, parameters))
        case .actionState(let id, let logFrom, let wait):
            return .action(try core.waitForTask(id, logFrom: logFrom, atMost: .milliseconds(wait)))
        case .cancelAction(let id): try core.cancelTask(id)
        case .resolved(let retry): try core.resolve(retry ? .retry : .skip)
        case .trigger(let hook): try core.trigger(hook)
        case .removeUnit: try core.removeUnit()
        case .addSecret(let content): return .secret(uri: try core.addUserSecret(content))
        case .removeSecret(let uri): try core.removeUserSecret(uri)
        case .refresh(let path, let force): try core.requestRefresh(path, force: force)
        case .attachResource(let name, let file): try core.attachResource(name, file)
        case .addStorage(let name, let count): return .storage(ids: try core.addStorage(name, count))
        case .detachStorage(let id): try core.detachStorage(id)
        case .applicationState: return .application(try core.applicationState())
        case .lead: try core.lead()
        case .stepDown: return .application(try core.stepDown())
        case .follow(let state): try core.follow(state)
        case .debugHookEnded:
            throw ControlFailure(.invalid, "debugHookEnded belongs into a conversation that begins with debugHooks")
        case .debugLog, .debugHooks: break
        }
        return .done
    }

    private func streamLog(_ count: Int, follow: Bool, to connection: borrowing LocalConnection) throws {
        var (lines, next) = core.log.tail(max(0, count))
        while true {
            if !lines.isEmpty { try connection.send(ControlReply.logLines(lines)) }
            guard follow else { return }
            let generation = core.log.changes.generation
            (lines, next) = core.log.lines(from: next)
            if lines.isEmpty {
                core.log.changes.wait(since: generation, atMost: .seconds(5))
                // Nothing new for a while: an empty batch finds out whether anybody still listens.
                if core.log.changes.generation == generation { try connection.send(ControlReply.logLines([])) }
            }
        }
    }
}
