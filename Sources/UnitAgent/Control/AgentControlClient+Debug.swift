// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

extension AgentControlClient {
    /// Runs hooks and actions by hand: each that comes is handed to `run` instead of being dispatched to the charm.
    ///
    /// What the hook tools buffer is committed when `run` returns 0; any other code is a failed hook. A session that
    /// breaks off fails the hook it is in.
    ///
    /// - Parameters:
    ///   - names: The hooks and actions; none are all.
    ///   - begun: Called once the agent has agreed.
    ///   - run: Runs one and returns its exit code; nil ends the session, and fails the hook.
    /// - Throws: ``ControlFailure``: `not-found` when the charm has no hook of a name, `conflict` when there is another
    ///   session.
    public func debugHooks(
        _ names: [String] = [],
        begun: () -> Void = {},
        run: (DebugHook) -> Int32?
    ) throws(ControlFailure) {
        var hasBegun = false
        try converse(.debugHooks(names: names)) { reply in
            guard case .debugHook(let hook) = reply else { return .end }
            if !hasBegun { begun() }
            hasBegun = true
            guard let hook else { return .listen }
            return run(hook).map { .answer(.debugHookEnded(exitCode: $0)) } ?? .end
        }
    }
}
