// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

/// A blocking client of an agent's control socket.
///
/// Each call makes a connection of its own, so a client is a value that any number of threads may share.
///
/// ```swift
/// let agent = AgentControlClient(socketPath: "/var/lib/example/agent/control.sock")
/// try agent.setConfig(["greeting": "hello"])
/// let result = try agent.run(action: "backup", parameters: ["target": "disk"]) { print($0) }
/// print(result.status, result.results)
/// ```
public struct AgentControlClient: Sendable {
    /// The path of the agent's control socket.
    public let socketPath: String

    /// Creates a client; nothing is connected yet.
    ///
    /// - Parameter socketPath: The path of the agent's control socket.
    public init(socketPath: String) { self.socketPath = socketPath }

    /// Whether an agent answers.
    public var isReachable: Bool { (try? status()) != nil }

    /// The state of the unit.
    ///
    /// - Returns: One snapshot, taken in one transaction.
    /// - Throws: ``ControlFailure`` with code `unreachable` when no agent listens.
    public func status() throws(ControlFailure) -> StatusSnapshot {
        guard case .status(let snapshot) = try ask(.status) else { throw unexpected("status") }
        return snapshot
    }

    /// All configuration options, by name.
    ///
    /// - Returns: Every option the charm declares, with its value and where it comes from.
    /// - Throws: ``ControlFailure``.
    public func config() throws(ControlFailure) -> [ConfigOptionState] {
        guard case .config(let options) = try ask(.configList) else { throw unexpected("config") }
        return options
    }

    /// Sets options, all or none.
    ///
    /// - Parameter values: The values as text, by option name.
    /// - Throws: ``ControlFailure`` that names the option: `not-found` when the charm does not declare it, `invalid`
    ///   when the text is not of its type.
    public func setConfig(_ values: [String: String]) throws(ControlFailure) {
        _ = try ask(.configSet(values: values))
    }

    /// Gives options their default back.
    ///
    /// - Parameter names: The options.
    /// - Throws: ``ControlFailure`` with code `not-found` when the charm does not declare one of them.
    public func resetConfig(_ names: [String]) throws(ControlFailure) {
        _ = try ask(.configReset(names: names))
    }

    /// Relates an endpoint of the charm to an application, or updates that relation.
    ///
    /// Doing it twice with the same values changes nothing.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint of the charm.
    ///   - remote: The application at the other end, with its databags and secrets.
    /// - Returns: The number of the relation.
    /// - Throws: ``ControlFailure``: `not-found` when the charm has no such endpoint, `conflict` when its limit is
    ///   reached or the former relation with this application has not gone yet.
    @discardableResult
    public func integrate(endpoint: String, with remote: RemoteApplication) throws(ControlFailure) -> Int {
        guard case .relation(let id) = try ask(.integrate(endpoint: endpoint, remote: remote)) else {
            throw unexpected("integrate")
        }
        return id
    }

    /// Removes a relation; it is gone once the charm has seen departed and broken.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint of the charm.
    ///   - application: The application at the other end; `nil` removes the endpoint's only relation.
    /// - Throws: ``ControlFailure`` with code `not-found` when there is none, `conflict` when there are several and no
    ///   application is given.
    public func removeRelation(endpoint: String, application: String? = nil) throws(ControlFailure) {
        _ = try ask(.removeRelation(endpoint: endpoint, application: application))
    }

    /// All relations with their databags, the charm's own included.
    ///
    /// - Returns: The relations, by id.
    /// - Throws: ``ControlFailure``.
    public func relations() throws(ControlFailure) -> [RelationData] {
        guard case .relations(let relations) = try ask(.relations) else { throw unexpected("relations") }
        return relations
    }

    /// Queues an action and returns at once.
    ///
    /// - Parameters:
    ///   - action: The name of the action.
    ///   - parameters: The parameters; each value is read as YAML and checked against the charm's declaration.
    /// - Returns: The pending task.
    /// - Throws: ``ControlFailure``: `not-found` for an unknown action, `invalid` for a parameter that does not fit.
    public func enqueue(action: String, parameters: [String: String] = [:]) throws(ControlFailure) -> ActionResult {
        guard case .action(let result) = try ask(.runAction(name: action, parameters: parameters)) else {
            throw unexpected("run")
        }
        return result
    }

    /// Runs an action and waits for its end.
    ///
    /// - Parameters:
    ///   - action: The name of the action.
    ///   - parameters: The parameters; each value is read as YAML and checked against the charm's declaration.
    ///   - progress: Receives each line the action logs, as it comes.
    /// - Returns: The finished task; look at its `status`.
    /// - Throws: ``ControlFailure``.
    public func run(
        action: String,
        parameters: [String: String] = [:],
        progress: (String) -> Void = { _ in }
    ) throws(ControlFailure) -> ActionResult {
        var seen = 0
        var result = try enqueue(action: action, parameters: parameters)
        while true {
            for line in result.log { progress(line) }
            seen += result.log.count
            if result.isFinished { return result }
            result = try self.action(result.id, logFrom: seen, wait: .seconds(20))
        }
    }

    /// The state of a task.
    ///
    /// - Parameters:
    ///   - id: The number of the task.
    ///   - logFrom: How many progress lines are already known; only later ones are returned.
    ///   - wait: How long to wait for news when there are none.
    /// - Returns: The task.
    /// - Throws: ``ControlFailure`` with code `not-found` when there is no such task.
    public func action(_ id: Int, logFrom: Int = 0, wait: Duration = .zero) throws(ControlFailure) -> ActionResult {
        let request = ControlRequest.actionState(id: id, logFrom: logFrom, waitMilliseconds: wait.wholeMilliseconds)
        guard case .action(let result) = try ask(request) else { throw unexpected("action") }
        return result
    }

    /// Cancels a task: a pending one never starts, a running one is killed.
    ///
    /// - Parameter id: The number of the task.
    /// - Throws: ``ControlFailure``: `not-found` when there is no such task, `conflict` when it has ended.
    public func cancelAction(_ id: Int) throws(ControlFailure) { _ = try ask(.cancelAction(id: id)) }

    /// Lets a failed hook go on at once.
    ///
    /// - Parameter retry: Whether the hook is run again; `false` takes it as done.
    /// - Throws: ``ControlFailure`` with code `conflict` when no hook has failed.
    public func resolved(retry: Bool = true) throws(ControlFailure) { _ = try ask(.resolved(retry: retry)) }

    /// Has the charm told once more what it was told before, with the data of now; it comes in its turn.
    ///
    /// A relation or storage hook is about all relations or instances of its endpoint; `upgrade-charm` is followed by
    /// `config-changed`, `joined` by `changed`.
    ///
    /// - Parameter hook: The name of the hook, as in `update-status` or `database-relation-changed`.
    /// - Throws: ``ControlFailure``: `not-found` when the charm has no such hook, `invalid` when it says that something is
    ///   gone or has changed which is not so, `conflict` when there is nothing it could be about or no unit that started.
    public func trigger(hook: String) throws(ControlFailure) { _ = try ask(.trigger(hook: hook)) }

    /// Has the unit leave all relations, stop and be removed; the agent ends after the `remove` hook.
    ///
    /// - Throws: ``ControlFailure``.
    public func removeUnit() throws(ControlFailure) { _ = try ask(.removeUnit) }

    /// Makes a secret of the operator's that the application may read, as `juju add-secret` with `juju grant-secret` do.
    ///
    /// - Parameter content: The values by key.
    /// - Returns: The URI of the secret, to be given to the charm.
    /// - Throws: ``ControlFailure`` with code `invalid` when there is no content.
    public func addSecret(_ content: [String: String]) throws(ControlFailure) -> String {
        guard case .secret(let uri) = try ask(.addSecret(content: content)) else { throw unexpected("add-secret") }
        return uri
    }

    /// Removes a secret of the operator's with all its content.
    ///
    /// - Parameter uri: The URI that ``addSecret(_:)`` returned.
    /// - Throws: ``ControlFailure`` with code `not-found` when the operator has no such secret.
    public func removeSecret(_ uri: String) throws(ControlFailure) { _ = try ask(.removeSecret(uri: uri)) }

    /// Has another version of the charm run from the next hook on, without the agent starting again.
    ///
    /// The charm is told by `upgrade-charm` and `config-changed`. While a hook is in error the charm waits, unless it
    /// is forced: then the hook is run again by the new charm, and there is no `upgrade-charm`.
    ///
    /// - Parameters:
    ///   - directory: The directory the charm is unpacked in, which is copied; `nil` when its files have been put in
    ///     place already.
    ///   - force: Whether it is put in place even while a hook is in error.
    /// - Throws: ``ControlFailure`` with code `invalid` when it is not a charm, or another one.
    public func refresh(charm directory: String? = nil, force: Bool = false) throws(ControlFailure) {
        _ = try ask(.refresh(charm: directory, force: force))
    }

    /// Replaces the file of a resource; the charm is told by `upgrade-charm`.
    ///
    /// - Parameters:
    ///   - name: The resource, as the charm declares it.
    ///   - file: The path of the file, which is copied.
    /// - Throws: ``ControlFailure``: `not-found` when the charm declares no such resource, `invalid` when the file
    ///   cannot be read.
    public func attachResource(_ name: String, file: String) throws(ControlFailure) {
        _ = try ask(.attachResource(name: name, file: file))
    }

    /// Adds instances of a storage; the charm is told of each.
    ///
    /// - Parameters:
    ///   - name: The storage, as the charm declares it.
    ///   - count: How many.
    /// - Returns: The ids, such as `data/1`.
    /// - Throws: ``ControlFailure``: `not-found` when the charm declares no such storage, `conflict` when it takes no
    ///   more.
    @discardableResult
    public func addStorage(_ name: String, count: Int = 1) throws(ControlFailure) -> [String] {
        guard case .storage(let ids) = try ask(.addStorage(name: name, count: count)) else {
            throw unexpected("add-storage")
        }
        return ids
    }

    /// Takes a storage from the unit once the charm has been told; its directory stays where it is.
    ///
    /// - Parameter id: The id, such as `data/1`.
    /// - Throws: ``ControlFailure``: `not-found` when the unit has none of that id, `conflict` when the charm cannot do
    ///   without it.
    public func detachStorage(_ id: String) throws(ControlFailure) { _ = try ask(.detachStorage(id: id)) }

    /// Reads the debug log.
    ///
    /// - Parameters:
    ///   - lines: How many of the last lines to begin with.
    ///   - follow: Whether to go on with new lines until `receive` returns `false` or the agent ends.
    ///   - receive: Receives each line; returning `false` ends the call.
    /// - Throws: ``ControlFailure``.
    public func debugLog(
        lines: Int = 10,
        follow: Bool = false,
        receive: (String) -> Bool
    ) throws(ControlFailure) {
        try exchange(.debugLog(lines: lines, follow: follow)) { reply in
            guard case .logLines(let batch) = reply else { return false }
            return batch.allSatisfy(receive)
        }
    }

    func ask(_ request: ControlRequest) throws(ControlFailure) -> ControlReply {
        var answer: ControlReply?
        try exchange(request) { reply in
            answer = reply
            return false
        }
        guard let answer else {
            throw ControlFailure(.unreachable, "the agent at \(socketPath) broke off; see its debug log and try again")
        }
        return answer
    }

    private func exchange(
        _ request: ControlRequest,
        handle: (ControlReply) -> Bool
    ) throws(ControlFailure) {
        try converse(request) { handle($0) ? .listen : .end }
    }

    /// What a client does after a reply.
    enum Turn {
        case listen
        case answer(ControlRequest)
        case end
    }

    func converse(_ request: ControlRequest, handle: (ControlReply) -> Turn) throws(ControlFailure) {
        do {
            var connection = try LocalConnection.connect(to: socketPath)
            try connection.send(request)
            while let reply = try connection.receive(ControlReply.self) {
                if case .failed(let failure) = reply { throw failure }
                switch handle(reply) {
                case .listen: continue
                case .answer(let next): try connection.send(next)
                case .end: return
                }
            }
        } catch let failure as ControlFailure {
            throw failure
        } catch let failure as SystemError {
            throw ControlFailure(.unreachable, "cannot \(failure); is the agent running?")
        } catch {
            throw ControlFailure(.failed, "cannot understand the agent at \(socketPath): \(error)")
        }
    }

    func unexpected(_ request: String) -> ControlFailure {
        ControlFailure(
            .failed,
            "the agent at \(socketPath) gave another answer than \(request) has; are the versions the same?"
        )
    }
}

extension Duration {
    /// The duration in milliseconds, rounded down.
    var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
