// SPDX-License-Identifier: Apache-2.0
package import OneMachine
package import UnitAgent

/// The unit agent in the container `charm` of a unit's pod.
///
/// What Juju's agent asks of the controller, this one has in its own model, which the controller of the pods keeps in
/// step over the agent's control socket.
package enum UnitAgentProcess {
    /// What the agent is told, from the container's environment.
    ///
    /// - Throws: ``OperatorError`` that names a variable that is missing.
    package static func configuration(_ environment: [String: String]) throws(OperatorError) -> AgentConfiguration {
        func required(_ name: String) throws(OperatorError) -> String {
            guard let value = environment[name], !value.isEmpty else {
                throw OperatorError("\(name) is not set", remedy: "This command is for the container of a unit's pod.")
            }
            return value
        }
        guard let number = Int(try required("UNIT_NUMBER")), number >= 0 else {
            throw OperatorError("UNIT_NUMBER is not a unit's number")
        }
        var configuration = AgentConfiguration(
            agentDirectory: UnitPod.agentDirectory,
            charmDirectory: UnitPod.charmDirectory,
            toolsDirectory: "/var/lib/juju/tools",
            containersDirectory: UnitPod.containersDirectory,
            application: PodSpec.application
        )
        configuration.hookToolExecutable = "/usr/bin/hook-tool"
        configuration.modelName = "pods"
        configuration.modelUUID = try required("MODEL_UUID")
        configuration.unitNumber = number
        configuration.address = try required("UNIT_ADDRESS")
        configuration.startsAsFollower = true
        configuration.shutdownGrace = .seconds(10)
        return configuration
    }

    /// Runs the agent until it is asked to stop, or its unit is removed.
    package static func run(_ environment: [String: String]) async throws {
        let agent = UnitAgent(configuration: try configuration(environment))
        try await agent.runUntilTerminated()
    }
}
