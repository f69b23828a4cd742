// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// One run of a command: the descriptors, and the loop of the thread that serves them.
final class CommandRun: Sendable {
    private let command: Command
    private let child: ChildProcess
    private let onLine: (@Sendable (CommandStream, String) -> Void)?
    private let input: Int32
    private let output: Int32
    private let errorOutput: Int32
    /// Wakes the loop at the child's end and at cancellation.
    private let wakeup: EventDescriptor
    private let isCancelled = Atomic(false)

    private static let pipeGrace = Duration.milliseconds(500)

    init(
        command: Command,
        executable: String,
        reaper: ProcessReaper,
        onLine: (@Sendable (CommandStream, String) -> Void)?
    ) throws(SystemError) {
        self.command = command
        self.onLine = onLine
        var opened: [Int32] = []
        do throws(SystemError) {
            let input = try Pipe()
            opened += [input.readEnd, input.writeEnd]
            let output = try Pipe()
            opened += [output.readEnd, output.writeEnd]
            let errorOutput = try Pipe()
            opened += [errorOutput.readEnd, errorOutput.writeEnd]
            let wakeup = try EventDescriptor()
            opened.append(wakeup.descriptor)
            var request = SpawnRequest(
                executable: executable,
                arguments: [command.name ?? command.executable] + command.arguments,
                environment: command.environment,
                directory: command.directory,
                identity: command.identity,
                standardInput: input.readEnd,
                standardOutput: output.writeEnd,
                standardError: command.joinsStreams ? output.writeEnd : errorOutput.writeEnd
            )
            request.standing = command.standing
            request.endsWithParent = command.endsWithParent
            request.beforeExecution = command.beforeExecution
            child = try reaper.spawn(request)
            for descriptor in [input.readEnd, output.writeEnd, errorOutput.writeEnd] { close(descriptor) }
            for descriptor in [input.writeEnd, output.readEnd, errorOutput.readEnd] {
                _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            }
            self.input = input.writeEnd
            self.output = output.readEnd
            self.errorOutput = errorOutput.readEnd
            self.wakeup = wakeup
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        child.onExit { [self] _ in self.wakeup.wake() }
    }

    deinit {
        close(wakeup.descriptor)
    }

    func cancel() {
        isCancelled.store(true, ordering: .sequentiallyConsistent)
        wakeup.wake()
    }

    /// Ends a command nobody will wait for.
    func abandon() {
        child.sendToGroup(.kill)
        for descriptor in [input, output, errorOutput] { close(descriptor) }
    }

    /// Serves the streams until the command has ended and they are drained.
    ///
    /// Blocks.
    func complete() -> CommandResult {
        var loop = Loop(command: command, onLine: onLine)
        loop.input = command.input.isEmpty ? closed(input) : input
        loop.output = output
        loop.errorOutput = errorOutput
        let clock = ContinuousClock()
        let deadline = command.timeout.map { clock.now + $0 }
        var killAt: ContinuousClock.Instant?
        var drainUntil: ContinuousClock.Instant?
        while true {
            let now = clock.now
            if killAt == nil, isCancelled.load(ordering: .sequentiallyConsistent) || deadline.map({ now >= $0 }) == true
            {
                loop.isTimedOut = true
                if command.killDelay > .zero { child.sendToGroup(.terminate) }
                killAt = now + command.killDelay
            }
            if let at = killAt, now >= at { child.sendToGroup(.kill) }
            if child.ended != nil {
                if loop.isDrained { break }
                let until = drainUntil ?? now + Self.pipeGrace
                drainUntil = until
                if now >= until { break }
            }
            let next = [child.ended == nil ? (killAt ?? deadline) : nil, drainUntil].compactMap { $0 }.min()
            loop.wait(wakeup: wakeup, timeout: next.map { max($0 - now, .milliseconds(1)) })
        }
        // What the command left running in its group when its time was up shall not outlive it.
        if loop.isTimedOut { child.sendToGroup(.kill) }
        return loop.finish(exit: child.ended ?? .exited(code: 255))
    }

    private func closed(_ descriptor: Int32) -> Int32 {
        close(descriptor)
        return -1
    }
}

/// The state of the loop: which descriptors are still open, and what came through them.
private struct Loop {
    let command: Command
    let onLine: (@Sendable (CommandStream, String) -> Void)?
    var input: Int32 = -1
    var output: Int32 = -1
    var errorOutput: Int32 = -1
    var isTimedOut = false
    private var written = 0
    private var kept: [CommandStream: [UInt8]] = [.output: [], .error: []]
    private var lines: [CommandStream: [UInt8]] = [.output: [], .error: []]
    private var isCut = false

    init(command: Command, onLine: (@Sendable (CommandStream, String) -> Void)?) {
        self.command = command
        self.onLine = onLine
    }

    var isDrained: Bool { output < 0 && errorOutput < 0 }

    mutating func wait(wakeup: EventDescriptor, timeout: Duration?) {
        var polled = [
            pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errorOutput, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = timeout.map { Int32(min($0 / .milliseconds(1), 1e9).rounded(.up)) }
        guard poll(&polled, UInt(polled.count), milliseconds ?? -1) > 0 else { return }
        if polled[0].revents != 0 { wakeup.drain() }
        if polled[1].revents != 0 { feed() }
        if polled[2].revents != 0 { output = drain(output, .output) }
        if polled[3].revents != 0 { errorOutput = drain(errorOutput, .error) }
    }

    private mutating func feed() {
        let count = command.input.withUnsafeBytes { bytes in
            send(bytes: bytes, from: written)
        }
        if count > 0 { written += count }
        let isBroken = count < 0 && errno != EAGAIN && errno != EINTR
        if isBroken || written == command.input.count {
            close(input)
            input = -1
        }
    }

    private func send(bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        // A broken pipe is only an error number on this thread: see `startThread`.
        write(input, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
    }

    private mutating func drain(_ descriptor: Int32, _ stream: CommandStream) -> Int32 {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 {
            take(buffer[..<count], stream)
            return descriptor
        }
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return descriptor }
        close(descriptor)
        return -1
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, _ stream: CommandStream) {
        let room = command.outputLimit - (kept[stream]?.count ?? 0)
        if bytes.count > room { isCut = true }
        kept[stream]?.append(contentsOf: bytes.prefix(max(room, 0)))
        guard let onLine else { return }
        var rest = (lines[stream] ?? []) + bytes
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            onLine(stream, String(decoding: rest[..<newline], as: UTF8.self))
            rest.removeSubrange(...newline)
        }
        lines[stream] = rest
    }

    mutating func finish(exit: ProcessExit) -> CommandResult {
        for descriptor in [input, output, errorOutput] where descriptor >= 0 { close(descriptor) }
        if let onLine {
            for stream in [CommandStream.output, .error] {
                guard let rest = lines[stream], !rest.isEmpty else { continue }
                onLine(stream, String(decoding: rest, as: UTF8.self))
            }
        }
        return CommandResult(
            exit: exit,
            output: kept[.output] ?? [],
            errorOutput: kept[.error] ?? [],
            isCut: isCut,
            isTimedOut: isTimedOut
        )
    }
}
