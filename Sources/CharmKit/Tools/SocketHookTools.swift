// SPDX-License-Identifier: Apache-2.0

import Glibc
public import HookProtocol

/// Runs hook tools over one connection to an agent that takes this library's frames: no process per call.
///
/// Juju's own agent does not; it is used only where the agent says so (``HookEnvironment/offersNativeHookTools``).
public final class SocketHookTools: HookTools {
    private let address: AgentAddress
    private let workingDirectory: String
    private var connection: AgentConnection?

    /// Creates the transport; it connects on first use.
    ///
    /// - Parameters:
    ///   - address: Where the agent listens and for which dispatch.
    ///   - workingDirectory: The directory that relative file names in calls start from.
    public init(address: AgentAddress, workingDirectory: String) {
        self.address = address
        self.workingDirectory = workingDirectory
    }

    /// Runs one tool and waits for it.
    public func run(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) throws(HookToolError) -> ToolReply {
        let request = ToolRequest(
            contextID: address.contextID,
            workingDirectory: workingDirectory,
            tool: tool.rawValue,
            arguments: arguments,
            standardInput: input
        )
        do throws(AgentConnectionError) {
            let open: AgentConnection
            if let connection { open = connection } else { open = try AgentConnection(address: address.path) }
            connection = open
            return try open.send(request)
        } catch {
            connection = nil
            throw HookToolError(kind: .unavailable, tool: tool, message: "\(error)")
        }
    }
}
