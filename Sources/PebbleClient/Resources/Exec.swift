// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// A command to run where Pebble is, and how.
public struct ExecCall: Sendable, Hashable {
    /// Where the command's input comes from.
    public enum Input: Sendable, Hashable {
        /// These bytes; empty for none.
        case bytes([UInt8])
        /// An open file descriptor of this process, read until its end.
        case descriptor(Int32)
    }

    /// The size of a terminal.
    public struct TerminalSize: Sendable, Hashable {
        /// Columns.
        public var width: Int
        /// Rows.
        public var height: Int

        /// Makes a size.
        public init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    /// The program and its arguments.
    public var command: [String]
    /// The service whose environment, user and directory it takes.
    public var serviceContext: String?
    /// Variables added to the environment.
    public var environment: [String: String] = [:]
    /// Where it runs.
    public var workingDirectory: String?
    /// How long it may take before it is killed.
    public var timeout: Duration?
    /// Who it runs as.
    public var ownership = Ownership()
    /// What it reads.
    public var input = Input.bytes([])
    /// Whether its standard error comes apart from its standard output.
    public var separatesStandardError = true
    /// The terminal it writes to; nil for none.
    public var terminal: TerminalSize?
    /// Whether it reads from the terminal too.
    public var isInteractive = false

    /// Makes a call that runs a command with nothing special.
    public init(_ command: [String]) {
        self.command = command
    }

    var request: ExecRequest {
        var request = ExecRequest(command: command)
        request.serviceContext = serviceContext
        request.environment = environment.isEmpty ? nil : environment
        request.workingDirectory = workingDirectory
        request.timeout = timeout.map { GoDuration($0).description }
        request.userID = ownership.userID
        request.user = ownership.user
        request.groupID = ownership.groupID
        request.group = ownership.group
        request.terminal = terminal != nil
        request.interactive = isInteractive
        request.splitStderr = separatesStandardError
        request.width = terminal?.width
        request.height = terminal?.height
        return request
    }
}

/// What a command that was run has left.
public struct ExecOutcome: Sendable, Hashable {
    /// Its exit code; 128 and the signal for one that a signal ended.
    public var exitCode: Int
    /// What it wrote to its standard output.
    public var standardOutput: [UInt8]
    /// What it wrote to its standard error, if that came apart.
    public var standardError: [UInt8]

    /// Makes an outcome.
    public init(exitCode: Int, standardOutput: [UInt8] = [], standardError: [UInt8] = []) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}

/// Which of its streams a command wrote to.
public enum ExecStream: Sendable, Hashable {
    /// Its standard output.
    case standardOutput
    /// Its standard error.
    case standardError
}

extension PebbleClient {
    /// Runs a command, waits for it, and gathers what it writes.
    ///
    /// - Parameter call: the command and how to run it.
    /// - Returns: its exit code, which may be any, and what it wrote.
    /// - Throws: ``PebbleClientError`` when it could not be run or took longer than it may.
    public func exec(_ call: ExecCall) throws(PebbleClientError) -> ExecOutcome {
        var outcome = ExecOutcome(exitCode: 0)
        outcome.exitCode = try exec(call, control: nil) { stream, bytes in
            switch stream {
            case .standardOutput: outcome.standardOutput += bytes
            case .standardError: outcome.standardError += bytes
            }
        }
        return outcome
    }

    /// Runs a command, waits for it, and hands on what it writes as it comes.
    ///
    /// - Parameters:
    ///   - call: the command and how to run it.
    ///   - control: sends it signals and terminal sizes from other threads.
    ///   - onOutput: takes what it writes; throwing ends the call and, the connection being lost, the command.
    /// - Returns: its exit code.
    /// - Throws: ``PebbleClientError`` when it could not be run or took longer than it may.
    public func exec(
        _ call: ExecCall,
        control: ExecControl?,
        onOutput: (ExecStream, [UInt8]) throws -> Void
    ) throws(PebbleClientError) -> Int {
        let request = try post("/v1/exec", call.request)
        let envelope = try envelope(reply(request), ExecReply.self, of: request)
        guard let task = envelope.result?.taskID, let change = envelope.change else {
            throw .badReply(request: request.description, reason: "the reply names no task")
        }
        var session: ExecSession
        do throws(PebbleClientError) {
            session = try ExecSession(client: self, task: task, call: call, control: control)
        } catch {
            // The change tells better than a connection why a command never ran.
            try finishChange(change, timeout: .seconds(10))
            throw error
        }
        try session.run(onOutput: onOutput)
        let finished = try finishChange(change, timeout: call.timeout.map { $0 + timeout })
        // A command may live on after closing its output, and the server kills it when its control socket goes.
        withExtendedLifetime(session) {}
        guard let code = finished.tasks.first?.data?["exit-code"]?.integerValue else {
            throw .badReply(request: request.description, reason: "change \(change) has no exit code")
        }
        return Int(code)
    }
}
