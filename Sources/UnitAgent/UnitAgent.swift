// SPDX-License-Identifier: Apache-2.0
public import ServiceLifecycle

/// A unit agent: runs one unit of any charm on this machine, as Juju's agent would.
public struct UnitAgent: Service {
    /// What the agent was told.
    public let configuration: AgentConfiguration

    /// Creates an agent; nothing is touched before ``run()``.
    ///
    /// - Parameter configuration: Where things are and who the unit is.
    public init(configuration: AgentConfiguration) { self.configuration = configuration }

    /// Runs the unit until the service group shuts down or the unit is removed.
    ///
    /// - Throws: When the state directory is in use by another agent, or the charm or the model cannot be read.
    public func run() async throws {}
}
