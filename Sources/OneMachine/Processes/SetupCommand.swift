// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport

/// A program of a step, run to its end while the one thread of the command waits and shows its lines.
///
/// `LinuxSupport.Command` is for tasks that run beside others; here there is nothing beside.
package struct SetupCommand: Sendable {
    package var executable: String
    package var arguments: [String]
    /// The whole environment, not additions to ours.
    package var environment: [String: String]
    /// Given on standard input: the way for what must not be seen in a process list.
    ///
    /// At most a pipe's capacity.
    package var input: [UInt8]
    package var account: Account?
    package var directory: String

    package static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// A command with the environment that programs of the distribution can count on, and nothing of ours.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: [UInt8] = [],
        account: Account? = nil,
        directory: String = "/"
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = ["PATH": Self.path, "LANG": "C.UTF-8"].merging(environment) { $1 }
        self.input = input
        self.account = account
        self.directory = directory
    }

    /// What came of it.
    package struct Outcome: Sendable {
        package var exit: ProcessExit
        package var standardOutput: String
        /// The last lines of both streams, in the order they came.
        package var lastLines: [String]

        package var succeeded: Bool { exit.isSuccess }
    }

    /// Runs it and calls for each line it says on either stream.
    package func run(log: LogFile? = nil, onLine: (String) -> Void = { _ in }) throws(SystemError) -> Outcome {
        let standardOutput = try PipeEnds()
        let standardError = try PipeEnds()
        var inputPipe: PipeEnds?
        if !input.isEmpty { inputPipe = try filledPipe() }
        let pid = try ProcessSpawner.spawn(request(inputPipe?.reading, standardOutput.writing, standardError.writing))
        inputPipe?.closeBoth()
        standardOutput.closeWriting()
        standardError.closeWriting()
        var collector = OutputCollector(log: log)
        collector.collect(standardOutput.reading, standardError.reading, onLine: onLine)
        standardOutput.closeReading()
        standardError.closeReading()
        return Outcome(
            exit: Self.wait(for: pid),
            standardOutput: String(decoding: collector.standardOutput, as: UTF8.self),
            lastLines: collector.lastLines
        )
    }

    private func request(_ input: Int32?, _ output: Int32, _ error: Int32) -> SpawnRequest {
        // Nobody but root may change the identity, and setting the one we have would already be refused.
        let identity =
            geteuid() == 0 ? account.map { SpawnRequest.Identity(userID: $0.userID, groupID: $0.groupID) } : nil
        return SpawnRequest(
            executable: executable,
            arguments: [executable] + arguments,
            environment: environment,
            directory: directory,
            identity: identity,
            // So that Ctrl-C at the terminal reaches it too: a step must not go on unseen.
            standing: .inherited,
            standardInput: input,
            standardOutput: output,
            standardError: error
        )
    }

    /// The input is written before the program starts, so no second thread is needed to feed it.
    private func filledPipe() throws(SystemError) -> PipeEnds {
        let pipe = try PipeEnds()
        let written = input.withUnsafeBytes { bytes in
            fcntl(pipe.writing, F_SETFL, O_NONBLOCK) == 0 ? write(pipe.writing, bytes.baseAddress, input.count) : -1
        }
        guard written == input.count else {
            pipe.closeBoth()
            throw SystemError(number: EFBIG, operation: "give \(input.count) bytes to \(executable)")
        }
        pipe.closeWriting()
        return pipe
    }

    private static func wait(for pid: ProcessID) -> ProcessExit {
        var status: Int32 = 0
        while waitpid(pid.rawValue, &status, 0) < 0 {
            if errno != EINTR { return .exited(code: 255) }
        }
        return ProcessExit(waitStatus: status)
    }
}

/// The two ends of a pipe, each closed once.
private final class PipeEnds {
    let reading: Int32
    private(set) var writing: Int32
    private var isReadingOpen = true

    init() throws(SystemError) {
        let pipe = try Pipe()
        reading = pipe.readEnd
        writing = pipe.writeEnd
    }

    deinit { closeBoth() }

    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    func closeReading() {
        if isReadingOpen { close(reading) }
        isReadingOpen = false
    }

    func closeBoth() {
        closeReading()
        closeWriting()
    }
}

/// Reads both streams as they come and cuts them into lines.
private struct OutputCollector {
    let log: LogFile?
    var standardOutput: [UInt8] = []
    var lastLines: [String] = []
    private var unfinished: [[UInt8]] = [[], []]

    init(log: LogFile?) {
        self.log = log
    }

    mutating func collect(_ output: Int32, _ error: Int32, onLine: (String) -> Void) {
        var polls = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: error, events: Int16(POLLIN), revents: 0),
        ]
        var chunk = [UInt8](repeating: 0, count: 65536)
        while polls.contains(where: { $0.fd >= 0 }) {
            if poll(&polls, 2, -1) < 0 {
                if errno == EINTR { continue }
                return
            }
            for stream in polls.indices where polls[stream].fd >= 0 && polls[stream].revents != 0 {
                let count = read(polls[stream].fd, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 {
                    polls[stream].fd = -1
                    continue
                }
                log?.append(chunk[0..<count])
                if stream == 0 { standardOutput += chunk[0..<count] }
                cut(chunk[0..<count], of: stream, onLine: onLine)
            }
        }
        for stream in unfinished.indices where !unfinished[stream].isEmpty { say(unfinished[stream], onLine) }
    }

    private mutating func cut(_ bytes: ArraySlice<UInt8>, of stream: Int, onLine: (String) -> Void) {
        for byte in bytes {
            // A carriage return ends a line too: progress bars are drawn with it.
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if !unfinished[stream].isEmpty { say(unfinished[stream], onLine) }
                unfinished[stream] = []
            } else {
                unfinished[stream].append(byte)
            }
        }
    }

    private mutating func say(_ bytes: [UInt8], _ onLine: (String) -> Void) {
        let line = String(decoding: bytes, as: UTF8.self)
        lastLines.append(line)
        if lastLines.count > 20 { lastLines.removeFirst() }
        onLine(line)
    }
}
