// SPDX-License-Identifier: Apache-2.0

import Glibc
public import HookProtocol

/// Runs hook tools as Juju offers them: executables on the search path, a process each.
public struct ProcessHookTools: HookTools {
    private let variables: [String: String]

    /// Creates the transport.
    ///
    /// - Parameter variables: The environment of the dispatch, for the tools; they are looked for along its `PATH`.
    public init(variables: [String: String]) {
        self.variables = variables
    }

    /// Runs one tool and waits for it.
    public func run(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) throws(HookToolError) -> ToolReply {
        guard let path = executable(tool.rawValue) else {
            let message = "there is no \(tool.rawValue) on the search path (was this started by a unit agent?)"
            throw HookToolError(kind: .unavailable, tool: tool, message: message)
        }
        do throws(SystemFailure) {
            return try spawn(path, [tool.rawValue] + arguments, input: input ?? [])
        } catch {
            throw HookToolError(kind: .unavailable, tool: tool, message: error.description)
        }
    }

    private func executable(_ name: String) -> String? {
        (variables["PATH"] ?? "").split(separator: ":").lazy
            .map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    private struct SystemFailure: Error {
        let operation: String
        let code: Int32
        var description: String { "\(operation): \(String(cString: strerror(code)))" }
    }

    private struct Pipe {
        let readEnd: Int32
        let writeEnd: Int32

        init() throws(SystemFailure) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SystemFailure(operation: "pipe", code: errno) }
            // A dispatch runs on one thread, so no other process can be started between the two calls.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (readEnd, writeEnd) = (ends[0], ends[1])
        }

        /// A pipe whose other end may be closed at any time.
        ///
        /// Being a socket, writing to it then is an error and no signal, so nothing of this process has to be changed
        /// to survive a tool that does not read its input.
        init(forInput: Void) throws(SystemFailure) {
            var ends: [Int32] = [-1, -1]
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
                throw SystemFailure(operation: "socketpair", code: errno)
            }
            (readEnd, writeEnd) = (ends[0], ends[1])
        }
    }

    private func spawn(
        _ path: String,
        _ command: [String],
        input: [UInt8]
    ) throws(SystemFailure) -> ToolReply {
        let (standardInput, standardOutput, standardError) = (try Pipe(forInput: ()), try Pipe(), try Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput.readEnd, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, standardOutput.writeEnd, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, standardError.writeEnd, STDERR_FILENO)

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, nil, &arguments, &environment)
        for end in [standardInput.readEnd, standardOutput.writeEnd, standardError.writeEnd] { close(end) }
        guard result == 0 else {
            for end in [standardInput.writeEnd, standardOutput.readEnd, standardError.readEnd] { close(end) }
            throw SystemFailure(operation: "cannot start \(command[0])", code: result)
        }
        let exchange = Self.exchange(
            input: input,
            to: standardInput.writeEnd,
            from: [standardOutput.readEnd, standardError.readEnd]
        )
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemFailure(operation: "wait for \(command[0])", code: errno) }
        }
        let output = try exchange.get()
        return ToolReply(exitCode: Self.exitCode(status), standardOutput: output[0], standardError: output[1])
    }

    /// The exit code, or 128 and the signal's number as a shell says it.
    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Feeds input and collects both outputs at once, so that neither side waits for a full pipe.
    ///
    /// Closes all ends.
    private static func exchange(
        input: [UInt8],
        to inputEnd: Int32,
        from outputEnds: [Int32]
    ) -> Result<[[UInt8]], SystemFailure> {
        var written = 0
        var inputEnd = inputEnd
        var outputEnds = outputEnds
        var outputs: [[UInt8]] = outputEnds.map { _ in [] }
        defer { for end in outputEnds + [inputEnd] where end >= 0 { close(end) } }
        if input.isEmpty {
            close(inputEnd)
            inputEnd = -1
        }
        while outputEnds.contains(where: { $0 >= 0 }) {
            var polled = outputEnds.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            polled.append(pollfd(fd: inputEnd, events: Int16(POLLOUT), revents: 0))
            if poll(&polled, nfds_t(polled.count), -1) < 0 {
                if errno == EINTR { continue }
                return .failure(SystemFailure(operation: "poll", code: errno))
            }
            if polled[outputs.count].revents != 0 {
                let count = input[written...].withUnsafeBytes {
                    send(inputEnd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                if count > 0 { written += count }
                // A tool that closed its input has read what it wanted.
                if written == input.count || (count < 0 && errno != EINTR && errno != EAGAIN) {
                    close(inputEnd)
                    inputEnd = -1
                }
            }
            for index in outputEnds.indices where polled[index].revents != 0 {
                let (count, number) = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { piece in
                    let count = read(outputEnds[index], piece.baseAddress, piece.count)
                    if count > 0 { outputs[index].append(contentsOf: piece[..<count]) }
                    return (count, errno)
                }
                if count == 0 || (count < 0 && number != EINTR) {
                    close(outputEnds[index])
                    outputEnds[index] = -1
                }
            }
        }
        return .success(outputs)
    }
}
