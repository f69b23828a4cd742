// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit

/// The key that signs Indico's links and tokens: made once by a leader, the same on all units for ever.
enum SecretKey {
    /// Makes the key and publishes it to the peers.
    ///
    /// - Parameters:
    ///   - state: What the peers agree on so far.
    ///   - model: The model.
    /// - Returns: What they agree on now.
    /// - Throws: `HookToolError` when the agent refuses.
    static func make(_ state: IndicoPeerState, _ model: Model) throws -> IndicoPeerState {
        var state = state
        state.secretKey = random()
        if model.environment.jujuVersion.hasSecrets, let content = state.secretContent {
            state.secretID = try model.addSecret(content, description: "signs Indico's links and tokens").id
        }
        return state
    }

    /// 256 bits from the kernel, as hexadecimal digits.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        .joined()
    }
}
