// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// A hook that was begun, as it is kept on disk: an agent that starts anew runs the very same hook again.
struct HookRecord: Codable, Sendable, Equatable {
    /// The event in the variables the charm gets it in, from which it is read again.
    let variables: [String: String]
    /// The id of the dispatch; the processes of an interrupted one are found by it.
    let contextID: String

    init(event: HookEvent, contextID: String) {
        variables = event.variables.merging(["JUJU_DISPATCH_PATH": event.dispatchPath]) { $1 }
        self.contextID = contextID
    }

    /// The event.
    func event() throws -> HookEvent { try HookEvent(variables: variables) }
}
