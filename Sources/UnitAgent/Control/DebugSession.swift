// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import Synchronization

/// A hook or action that an operator runs by hand instead of the charm's `dispatch`.
public struct DebugHook: Codable, Sendable, Equatable {
    /// The name of the hook or action.
    public var name: String
    /// The environment the charm would have been dispatched with; it is all the hook tools need.
    public var environment: [String: String]
    /// The charm's directory, in which `./dispatch` is.
    public var directory: String
}

/// An operator's wish to run hooks by hand, and the conversation about the one that is run.
final class DebugSession: Sendable {
    private enum State {
        /// Nothing to run.
        case waiting
        /// A hook is offered, and the loop waits for what comes of it.
        case offered(DebugHook, CheckedContinuation<DispatchResult?, Never>)
        /// The operator runs it.
        case running(CheckedContinuation<DispatchResult?, Never>)
        /// The operator has left.
        case over
    }

    /// The names of hooks and actions; none are all.
    let names: Set<String>
    private let state = Mutex(State.waiting)
    private let changes = ChangeSignal()

    init(names: Set<String>) { self.names = names }

    func wants(_ event: HookEvent) -> Bool { names.isEmpty || names.contains(event.name) }

    /// Has the operator run a hook; returns what came of it, or nil when the operator has left.
    func run(_ hook: DebugHook) async -> DispatchResult? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<DispatchResult?, Never>) in
                let isOffered = state.withLock { state in
                    guard case .waiting = state, !Task.isCancelled else { return false }
                    state = .offered(hook, continuation)
                    return true
                }
                if isOffered { changes.announce() } else { continuation.resume(returning: nil) }
            }
        } onCancel: {
            finish(DispatchResult(exit: nil, failure: "killed", isCancelled: true))
        }
    }

    /// The next hook that is offered, or nil when there is none for a while.
    ///
    /// Blocks.
    func next(waiting limit: Duration) -> DebugHook? {
        let generation = changes.generation
        if let hook = take() { return hook }
        changes.wait(since: generation, atMost: limit)
        return take()
    }

    private func take() -> DebugHook? {
        state.withLock { state in
            guard case .offered(let hook, let continuation) = state else { return nil }
            state = .running(continuation)
            return hook
        }
    }

    /// Ends the hook that is run.
    func finish(_ result: DispatchResult) { finish(result, isLeaving: false) }

    /// The operator has left; a hook that is run has failed.
    func leave() {
        finish(DispatchResult(exit: nil, failure: "the debug session broke off"), isLeaving: true)
        changes.announce()
    }

    private func finish(_ result: DispatchResult, isLeaving: Bool) {
        let continuation = state.withLock { state -> CheckedContinuation<DispatchResult?, Never>? in
            switch state {
            case .offered(_, let continuation), .running(let continuation):
                state = isLeaving ? .over : .waiting
                return continuation
            case .waiting:
                if isLeaving { state = .over }
                return nil
            case .over: return nil
            }
        }
        continuation?.resume(returning: result)
    }
}
