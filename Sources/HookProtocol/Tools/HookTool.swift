// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The `hook-tool` executable: one binary behind every hook tool's name.
///
/// It carries the call to the unit agent and its answer back; what a tool means is the agent's business.
public enum HookTool {
    /// Runs one call as the process's main.
    ///
    /// - Parameter arguments: The process's arguments, the name it was called by first.
    /// - Returns: The exit code: the tool's own, 1 when the agent cannot be asked, 2 when no tool was named.
    public static func run(arguments: [String]) -> Int32 {
        guard let call = Call(arguments: arguments) else {
            let usage = "ERROR no hook tool named: link hook-tool to the name of a tool, or call hook-tool NAME\n"
            write(Array(usage.utf8), to: STDERR_FILENO)
            return 2
        }
        do throws(AgentConnectionError) {
            let reply = try perform(call)
            write(reply.standardOutput, to: STDOUT_FILENO)
            write(reply.standardError, to: STDERR_FILENO)
            return reply.exitCode
        } catch {
            write(Array("ERROR \(error)\n".utf8), to: STDERR_FILENO)
            return 1
        }
    }

    /// Which tool a process was called as, and with what.
    public struct Call: Sendable, Hashable {
        /// The tool's name.
        public var tool: String
        /// The arguments after it.
        public var arguments: [String]

        /// Reads the call from a process's arguments; nil when they name no tool.
        ///
        /// - Parameter arguments: The process's arguments, the name it was called by first.
        public init?(arguments: [String]) {
            guard let first = arguments.first else { return nil }
            let name = first.split(separator: "/").last.map(String.init) ?? ""
            if name != "hook-tool", !name.isEmpty {
                tool = name
                self.arguments = Array(arguments.dropFirst())
            } else {
                guard arguments.count > 1 else { return nil }
                tool = arguments[1]
                self.arguments = Array(arguments.dropFirst(2))
            }
        }
    }

    private static func perform(_ call: Call) throws(AgentConnectionError) -> ToolReply {
        let address = try AgentAddress(variable: ProcessEnvironment.variable)
        let readsInput = ToolName(rawValue: call.tool)?.readsStandardInput(arguments: call.arguments) ?? false
        let request = ToolRequest(
            contextID: address.contextID,
            workingDirectory: try workingDirectory(),
            tool: call.tool,
            arguments: call.arguments,
            standardInput: readsInput ? try readStandardInput() : nil
        )
        return try AgentConnection(address: address.path).send(request)
    }

    private static func workingDirectory() throws(AgentConnectionError) -> String {
        guard let pointer = getcwd(nil, 0) else {
            throw .system(operation: "getcwd", address: "working directory", errno: errno)
        }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func readStandardInput() throws(AgentConnectionError) -> [UInt8] {
        var input: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(STDIN_FILENO, &piece, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(operation: "read", address: "standard input", errno: errno)
            }
            if count == 0 { return input }
            input.append(contentsOf: piece[..<count])
            guard input.count <= Frame.maximumSize else { throw .protocolError(.tooLarge(size: input.count)) }
        }
    }

    /// Writes everything; a closed descriptor leaves nobody to tell, so a failure ends the writing.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            written += count
        }
    }
}

/// Where the agent of the current dispatch listens, and which dispatch that is.
public struct AgentAddress: Sendable, Hashable {
    /// The socket's path, or an abstract name after `@`.
    public var path: String
    /// The id of the dispatch.
    public var contextID: String

    /// Creates an address.
    public init(path: String, contextID: String) {
        self.path = path
        self.contextID = contextID
    }

    /// Reads the address from the environment of a dispatch.
    ///
    /// - Parameter variable: Looks up one environment variable.
    /// - Throws: ``AgentConnectionError/notInHook(missingVariable:)`` outside a dispatch,
    ///   ``AgentConnectionError/unsupportedNetwork(_:)`` when the agent does not listen on a Unix socket.
    public init(variable: (String) -> String?) throws(AgentConnectionError) {
        guard let path = variable("JUJU_AGENT_SOCKET_ADDRESS"), !path.isEmpty else {
            throw .notInHook(missingVariable: "JUJU_AGENT_SOCKET_ADDRESS")
        }
        guard let contextID = variable("JUJU_CONTEXT_ID"), !contextID.isEmpty else {
            throw .notInHook(missingVariable: "JUJU_CONTEXT_ID")
        }
        let network = variable("JUJU_AGENT_SOCKET_NETWORK") ?? "unix"
        guard network == "unix" || network.isEmpty else { throw .unsupportedNetwork(network) }
        self.init(path: path, contextID: contextID)
    }
}
