// SPDX-License-Identifier: Apache-2.0

/// One run of a hook tool, as asked of the unit agent.
///
/// Fields on the wire, in order: protocol version, context id, working directory, tool, `0` or `1` for "standard
/// input follows", standard input, then each argument.
public struct ToolRequest: Sendable, Hashable {
    /// The protocol version this code speaks.
    public static let version = "1"

    /// The id of the dispatch this call belongs to (`JUJU_CONTEXT_ID`); the agent refuses any other.
    public var contextID: String
    /// The caller's working directory, for tools that name files.
    public var workingDirectory: String
    /// The tool's name as it was called, for example `relation-get`.
    public var tool: String
    /// What the caller offers on standard input; nil when the tool does not read it.
    public var standardInput: [UInt8]?
    /// The arguments after the tool's name.
    public var arguments: [String]

    /// Creates a request.
    public init(
        contextID: String,
        workingDirectory: String,
        tool: String,
        arguments: [String],
        standardInput: [UInt8]? = nil
    ) {
        self.contextID = contextID
        self.workingDirectory = workingDirectory
        self.tool = tool
        self.standardInput = standardInput
        self.arguments = arguments
    }

    /// Reads a request out of a frame.
    ///
    /// - Parameter frame: A frame received from a hook tool.
    /// - Throws: ``FrameError`` when the version differs, a field is missing, or text is not UTF-8.
    public init(frame: Frame) throws(FrameError) {
        let fields = frame.fields
        guard fields.count >= 6 else { throw .missingFields(expected: 6, found: fields.count) }
        let version = try text(fields[0], name: "version")
        guard version == Self.version else { throw .unsupportedVersion(version) }
        contextID = try text(fields[1], name: "context id")
        workingDirectory = try text(fields[2], name: "working directory")
        tool = try text(fields[3], name: "tool")
        switch try text(fields[4], name: "standard input flag") {
        case "0": standardInput = nil
        case "1": standardInput = fields[5]
        default: throw .malformedField(name: "standard input flag")
        }
        var arguments: [String] = []
        for field in fields.dropFirst(6) { arguments.append(try text(field, name: "argument")) }
        self.arguments = arguments
    }

    /// The request as a frame.
    public var frame: Frame {
        var fields = [Self.version, contextID, workingDirectory, tool].map { Array($0.utf8) }
        fields.append(Array((standardInput == nil ? "0" : "1").utf8))
        fields.append(standardInput ?? [])
        fields.append(contentsOf: arguments.map { Array($0.utf8) })
        return Frame(fields: fields)
    }
}

/// What a hook tool answered.
///
/// Fields on the wire, in order: exit code in decimal, standard output, standard error.
public struct ToolReply: Sendable, Hashable {
    /// The exit code: 0 done, 1 failed, 2 called wrongly (an unknown relation id counts as that).
    public var exitCode: Int32
    /// The bytes for standard output.
    public var standardOutput: [UInt8]
    /// The bytes for standard error; on failure they end with `ERROR <text>` and a newline.
    public var standardError: [UInt8]

    /// Creates a reply.
    public init(exitCode: Int32, standardOutput: [UInt8] = [], standardError: [UInt8] = []) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
    }

    /// Creates a reply that succeeded, with text for standard output.
    public init(output: String) {
        self.init(exitCode: 0, standardOutput: Array(output.utf8))
    }

    /// Creates a reply that failed.
    ///
    /// - Parameters:
    ///   - message: The text after `ERROR `, without a newline.
    ///   - exitCode: 1 for a failure, 2 for a wrong call.
    public init(failure message: String, exitCode: Int32 = 1) {
        self.init(exitCode: exitCode, standardError: Array("ERROR \(message)\n".utf8))
    }

    /// Reads a reply out of a frame.
    ///
    /// - Parameter frame: A frame received from the agent.
    /// - Throws: ``FrameError`` when a field is missing or the exit code is not a number.
    public init(frame: Frame) throws(FrameError) {
        guard frame.fields.count >= 3 else { throw .missingFields(expected: 3, found: frame.fields.count) }
        guard let code = Int32(try text(frame.fields[0], name: "exit code")) else {
            throw .malformedField(name: "exit code")
        }
        exitCode = code
        standardOutput = frame.fields[1]
        standardError = frame.fields[2]
    }

    /// The reply as a frame.
    public var frame: Frame {
        Frame(fields: [Array(String(exitCode).utf8), standardOutput, standardError])
    }

    /// Standard output as text.
    public var output: String { String(decoding: standardOutput, as: UTF8.self) }

    /// Standard error as text.
    public var errorOutput: String { String(decoding: standardError, as: UTF8.self) }
}

private func text(_ bytes: [UInt8], name: String) throws(FrameError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformedField(name: name) }
    return text
}
