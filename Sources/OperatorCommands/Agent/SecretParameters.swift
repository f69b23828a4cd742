// SPDX-License-Identifier: Apache-2.0
import OneMachine
import UnitAgent

/// Parameters of actions that must stand neither on a command line nor in the record of the action.
///
/// The charm takes them as the URI of a secret, which lives as long as the action runs.
struct SecretParameters {
    private let agent: AgentControlClient

    init(agent: AgentControlClient) {
        self.agent = agent
    }

    /// What is asked for, by action: the key in the secret and the parameter that takes its URI.
    private static let asked = ["add-admin": (key: "password", parameter: "password-secret")]

    /// Whether an action takes something that is asked for.
    static func areAsked(of action: String) -> Bool { asked[action] != nil }

    /// Runs a body with the parameters completed, and removes the secret after it.
    func completing<Result>(
        _ values: [String: String],
        of action: String,
        _ body: ([String: String]) throws -> Result
    ) throws -> Result {
        guard let asked = Self.asked[action], values[asked.parameter] == nil else { return try body(values) }
        // Before anybody types a password that would have nowhere to go.
        _ = try agent.status()
        let uri = try agent.addSecret([asked.key: SecretInput.read(prompt: asked.key)])
        do {
            let result = try body(values.merging([asked.parameter: uri]) { $1 })
            try agent.removeSecret(uri)
            return result
        } catch {
            // The reason why the action failed matters more than that of a failing removal.
            try? agent.removeSecret(uri)
            throw error
        }
    }
}
