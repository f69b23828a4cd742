// SPDX-License-Identifier: Apache-2.0

extension AgentCore {
    /// What the units of the application have in common, as this one knows it.
    func applicationState() throws -> ApplicationState {
        try store.read { try $0.applicationState(of: unit.application) }
    }

    /// Gives this unit the lead.
    func lead() throws {
        try store.write { try $0.lead() }
        changes.signal()
    }

    /// Takes the lead from this unit; what it had written by then is returned, and nothing comes after it.
    func stepDown() throws -> ApplicationState {
        let state = try store.write { model in
            try model.stepDown()
            return try model.applicationState(of: unit.application)
        }
        changes.signal()
        return state
    }

    /// Takes over what the leader wrote.
    func follow(_ state: ApplicationState) throws {
        let unit = unit
        try store.write { model in
            guard try !model.isLeader() else {
                throw ControlFailure(.conflict, "\(unit.unitName) leads \(unit.application), and follows nobody")
            }
            try model.follow(state, unit)
        }
        changes.signal()
    }
}
