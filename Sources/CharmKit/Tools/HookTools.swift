// SPDX-License-Identifier: Apache-2.0

public import HookProtocol
import PebbleAPI

/// How hook tools are run: as processes, over the agent's socket, or in a test's memory.
public protocol HookTools {
    /// Runs one tool and waits for it.
    ///
    /// - Parameters:
    ///   - tool: The tool.
    ///   - arguments: Its arguments.
    ///   - input: What it reads on standard input, if it shall read it.
    /// - Returns: What it answered, also when it failed.
    /// - Throws: ``HookToolError`` of kind ``HookToolError/Kind/unavailable`` when it cannot be run at all.
    func run(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) throws(HookToolError) -> ToolReply
}

/// A hook tool that failed, or whose answer makes no sense.
public struct HookToolError: Error, Hashable, CustomStringConvertible {
    /// What kind of failure it is, as far as the agent's text tells.
    public enum Kind: Sendable, Hashable {
        /// The tool could not be run, or the agent not be reached.
        case unavailable
        /// The relation does not exist, or no longer.
        case relationNotFound
        /// The secret does not exist, or is not known under that label.
        case secretNotFound
        /// Only the leader may do this.
        case notLeader
        /// The agent refuses access.
        case accessDenied
        /// The answer could not be understood.
        case malformedAnswer
        /// Anything else.
        case other
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// The tool.
    public let tool: ToolName
    /// What the call was about, for people; never a secret's content.
    public let subject: String
    /// The agent's or system's text.
    public let message: String

    /// Creates an error.
    public init(kind: Kind, tool: ToolName, subject: String = "", message: String) {
        self.kind = kind
        self.tool = tool
        self.subject = subject
        self.message = message
    }

    /// Reads the kind of failure out of what a tool wrote to standard error.
    init(tool: ToolName, subject: String, reply: ToolReply) {
        var message = reply.errorOutput
        while message.last?.isNewline == true { message.removeLast() }
        if message.hasPrefix("ERROR ") { message.removeFirst(6) }
        if message.isEmpty { message = "exit code \(reply.exitCode)" }
        self.init(
            kind: Self.kind(tool: tool, text: message.lowercased()),
            tool: tool,
            subject: subject,
            message: message
        )
    }

    private static func kind(tool: ToolName, text: String) -> Kind {
        let name = tool.rawValue
        if text.has("not the leader") || text.has("cannot write relation settings") { return .notLeader }
        if text.has("relation not found"), name.hasPrefix("relation-") || name.hasPrefix("network-") {
            return .relationNotFound
        }
        if text.has("not found"), name.hasPrefix("secret-") { return .secretNotFound }
        if text.has("permission denied") || text.has("access denied") { return .accessDenied }
        return .other
    }

    /// What happened, in words.
    public var description: String {
        let call = subject.isEmpty ? tool.rawValue : "\(tool.rawValue) \(subject)"
        return "cannot run \(call): \(message)"
    }
}
