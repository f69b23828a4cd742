// SPDX-License-Identifier: Apache-2.0

import Glibc
import HookProtocol

/// The main program of a charm's `dispatch`.
public enum CharmMain {
    /// Runs a charm for the event this process was started for, and ends the process.
    ///
    /// Exit code 0 tells the agent to keep what was written; 1 that the hook or action failed.
    ///
    /// - Parameter charm: The charm.
    public static func run(_ charm: (some Charm).Type) -> Never {
        exit(exitCode { try charm.init(environment: $0) })
    }

    private static func exitCode(_ makeCharm: (HookEnvironment) throws -> any Charm) -> Int32 {
        let environment: HookEnvironment
        let tools: any HookTools
        let variables = ProcessEnvironment.all()
        do throws(HookEnvironmentError) {
            environment = try HookEnvironment(variables: variables)
        } catch {
            StandardError.write("\(error)")
            return 1
        }
        if environment.offersNativeHookTools, !environment.agentSocket.isEmpty {
            let address = AgentAddress(path: environment.agentSocket, contextID: environment.contextID)
            tools = SocketHookTools(
                address: address,
                workingDirectory: environment.charmDirectory,
                fallback: ProcessHookTools(variables: variables)
            )
        } else {
            tools = ProcessHookTools(variables: variables)
        }
        let dispatch = Dispatch(
            environment: environment,
            tools: tools,
            metadata: { try CharmMetadata(charmDirectory: environment.charmDirectory) },
            connect: { SocketPebbleConnection(container: $0, socket: environment.pebbleSocket(container: $0)) },
            writeOutput: { StandardOutput.write($0) }
        )
        guard let error = dispatch.run(makeCharm) else { return 0 }
        // A hook's failure is in the log already; an action's standard error is shown to whoever ran it.
        if environment.event.isAction { StandardError.write("\(environment.event.name) failed: \(error)") }
        return 1
    }
}
