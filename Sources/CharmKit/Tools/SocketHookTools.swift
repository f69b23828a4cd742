// SPDX-License-Identifier: Apache-2.0

import Glibc
public import HookProtocol

/// Runs hook tools over one connection to an agent that takes this library's frames: no process per call.
///
/// Juju's own agent does not; it is used only where the agent says so (``HookEnvironment/offersNativeHookTools``).
/// Should that turn out wrong (nobody listens, or what listens speaks another protocol) the dispatch goes on with the
/// executables, which every agent has. It falls back only while nothing can have been done twice: before the first answer,
/// and never for a call that may have changed something before the connection broke.
public final class SocketHookTools: HookTools {
    private let address: AgentAddress
    private let workingDirectory: String
    private let fallback: (any HookTools)?
    private var connection: AgentConnection?
    private var state = State.untried

    private enum State {
        /// No call was answered yet.
        case untried
        /// The agent answered: it is the one that was promised.
        case proven
        /// The agent is no such agent; the fallback does the rest.
        case refused
    }

    /// Creates the transport; it connects on first use.
    ///
    /// - Parameters:
    ///   - address: Where the agent listens and for which dispatch.
    ///   - workingDirectory: The directory that relative file names in calls start from.
    ///   - fallback: What runs the tools when the socket does not take frames after all; nil for an error instead.
    public init(address: AgentAddress, workingDirectory: String, fallback: (any HookTools)? = nil) {
        self.address = address
        self.workingDirectory = workingDirectory
        self.fallback = fallback
    }

    /// Runs one tool and waits for it.
    public func run(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) throws(HookToolError) -> ToolReply {
        if state == .refused, let fallback { return try fallback.run(tool, arguments, input: input) }
        let request = ToolRequest(
            contextID: address.contextID,
            workingDirectory: workingDirectory,
            tool: tool.rawValue,
            arguments: arguments,
            standardInput: input
        )
        var mayHaveRun = false
        let failure: AgentConnectionError
        do throws(AgentConnectionError) {
            let open: AgentConnection
            if let connection { open = connection } else { open = try AgentConnection(address: address.path) }
            connection = open
            mayHaveRun = true
            let reply = try open.send(request)
            if state == .proven || !Self.refusesFrames(reply) {
                state = .proven
                return reply
            }
            // It says it did not understand, so it did nothing.
            mayHaveRun = false
            failure = .protocolError(.unsupportedVersion(ToolRequest.version))
        } catch {
            failure = error
        }
        connection = nil
        guard let fallback, state == .untried, !mayHaveRun || tool.onlyReads else {
            throw HookToolError(kind: .unavailable, tool: tool, message: "\(failure)")
        }
        state = .refused
        do throws(HookToolError) {
            return try fallback.run(tool, arguments, input: input)
        } catch {
            // Neither way leads to the agent; the first one says more about why.
            let message = "\(failure); and \(error.message)"
            throw HookToolError(kind: .unavailable, tool: tool, message: message)
        }
    }

    /// Whether a reply says that the frame itself was not understood, as an agent of another version answers.
    private static func refusesFrames(_ reply: ToolReply) -> Bool {
        reply.exitCode != 0 && reply.errorOutput.hasPrefix("ERROR bad request: cannot read the frame")
    }
}
