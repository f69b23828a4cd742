// SPDX-License-Identifier: Apache-2.0
import OneMachine
import UnitAgent

/// The address people use.
enum SiteAddress {
    static func read(state: StateDirectory) -> String? {
        let options = try? AgentControlClient(socketPath: state.controlSocket).config()
        guard let text = options?.first(where: { $0.name == "site_url" })?.value?.text, !text.isEmpty else {
            return nil
        }
        return text
    }
}
