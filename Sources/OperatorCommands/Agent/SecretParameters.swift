// SPDX-License-Identifier: Apache-2.0
import OneMachine
import UnitAgent

/// Parameters of actions that must not stand on a command line.
enum SecretParameters {
    /// Adds what the action needs and nobody may see.
    static func complete(
        _ values: [String: String],
        of action: String,
        agent: AgentControlClient
    ) throws -> [String: String] {
        guard action == "add-admin" else { return values }
        var values = values
        values["password"] = try SecretInput.read(prompt: "password")
        return values
    }
}
