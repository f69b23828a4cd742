// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import Synchronization

extension AgentCore {
    /// Serves an operator who runs hooks by hand, until the connection ends.
    ///
    /// Blocks.
    func serveDebugHooks(_ names: [String], on connection: inout LocalConnection) throws {
        let session = DebugSession(names: Set(names))
        do {
            try begin(session)
        } catch let failure as ControlFailure {
            return try connection.send(ControlReply.failed(failure))
        }
        note(.info, "hooks are run by hand: \(names.isEmpty ? "all" : names.sorted().joined(separator: ", "))")
        defer {
            memory.withLock { if $0.debugSession === session { $0.debugSession = nil } }
            session.leave()
            note(.info, "hooks are run by the charm again")
        }
        // That the session is there is told at once; who waits for it need not guess.
        try connection.send(ControlReply.debugHook(nil))
        while !memory.withLock({ $0.isStopping }) {
            guard let hook = session.next(waiting: .seconds(2)) else {
                try connection.send(ControlReply.debugHook(nil))
                continue
            }
            try connection.send(ControlReply.debugHook(hook))
            guard case .debugHookEnded(let code)? = try connection.receive(ControlRequest.self) else { return }
            session.finish(DispatchResult(exit: .exited(code: code)))
        }
    }

    private func begin(_ session: DebugSession) throws {
        let known = Set(charm.hookNames)
        if let stranger = session.names.sorted().first(where: { !known.contains($0) }) {
            throw ControlFailure(
                .notFound,
                "the charm \(charm.name) has no hook or action \(stranger); it has \(charm.hookNames.joined(separator: ", "))"
            )
        }
        let isFree = memory.withLock { memory in
            guard memory.debugSession == nil else { return false }
            memory.debugSession = session
            return true
        }
        guard isFree else { throw ControlFailure(.conflict, "another session runs hooks by hand; end that first") }
    }
}

extension CharmDescription {
    /// The names of all hooks and actions a charm of this description may be dispatched for.
    var hookNames: [String] {
        let life = [
            "config-changed", "install", "leader-elected", "remove", "secret-changed", "secret-expired",
            "secret-remove",
            "secret-rotate", "start", "stop", "update-status", "upgrade-charm",
        ]
        let relations = endpoints.flatMap { endpoint in
            ["created", "joined", "changed", "departed", "broken"].map { "\(endpoint.name)-relation-\($0)" }
        }
        let stores = storages.flatMap { ["\($0.name)-storage-attached", "\($0.name)-storage-detaching"] }
        let workloads = containers.flatMap { container in
            ["ready", "custom-notice", "check-failed", "check-recovered"].map { "\(container)-pebble-\($0)" }
        }
        return life + relations + stores + workloads + actions.map(\.name)
    }
}
