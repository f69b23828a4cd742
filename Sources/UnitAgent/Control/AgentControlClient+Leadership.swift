// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// For whoever runs several units of an application, each with an agent of its own.
extension AgentControlClient {
    /// What the units of the application have in common, as this one knows it.
    ///
    /// - Returns: The state, read in one transaction; of the leader's agent it is the truth.
    /// - Throws: ``ControlFailure``.
    public func applicationState() throws(ControlFailure) -> ApplicationState {
        guard case .application(let state) = try ask(.applicationState) else { throw unexpected("applicationState") }
        return state
    }

    /// Gives the unit the lead; its charm is told by `leader-elected`.
    ///
    /// No other unit may lead: have the former leader step down first, and this unit ``follow(_:)`` what that returns.
    ///
    /// - Throws: ``ControlFailure``.
    public func lead() throws(ControlFailure) { _ = try ask(.lead) }

    /// Takes the lead from the unit.
    ///
    /// A hook that runs meanwhile, and has written as the leader, fails at its end and is run again.
    ///
    /// - Returns: All the unit wrote as the leader; nothing comes after it.
    /// - Throws: ``ControlFailure``.
    @discardableResult
    public func stepDown() throws(ControlFailure) -> ApplicationState {
        guard case .application(let state) = try ask(.stepDown) else { throw unexpected("stepDown") }
        return state
    }

    /// Has a unit that does not lead take over what the leader wrote.
    ///
    /// Doing it twice changes nothing.
    ///
    /// - Parameter state: The leader's ``applicationState()``.
    /// - Throws: ``ControlFailure`` with code `conflict` when the unit leads.
    public func follow(_ state: ApplicationState) throws(ControlFailure) { _ = try ask(.follow(state)) }
}

extension ApplicationState {
    /// Takes the lead from a unit whose agent does not run, by its model on disk.
    ///
    /// - Parameters:
    ///   - databasePath: The unit's ``AgentConfiguration/databasePath``.
    ///   - application: The name of the application.
    /// - Returns: All the unit wrote as the leader.
    /// - Throws: When an agent runs on that model after all, or it cannot be read.
    public static func stepDown(databasePath: String, application: String) throws -> ApplicationState {
        let lock = try AgentLock(path: databasePath + ".lock")
        defer { _ = lock }
        return try ModelStore(path: databasePath).write { model in
            try model.stepDown()
            return try model.applicationState(of: application)
        }
    }
}
