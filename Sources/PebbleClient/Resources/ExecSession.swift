// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// The sockets of one running command, and the loop that moves bytes between them and us.
struct ExecSession {
    /// So much may wait to be written before we stop reading the input.
    private static let backlogLimit = 1 << 18

    private var control: WebSocket
    private var stdio: WebSocket
    private var stderr: WebSocket?
    private let messages: ExecControl?
    private let description: String
    /// How long everything may take, the server's own limit and some; nil for as long as it wants.
    private let limit: Duration?
    private let deadline: Deadline
    private let input: ExecCall.Input
    private var inputPosition = 0
    private var inputIsDone = false
    private var stdioIsDone = false
    private var stderrIsDone: Bool

    init(
        client: PebbleClient,
        task: String,
        call: ExecCall,
        control messages: ExecControl?
    ) throws(PebbleClientError) {
        let base = "/v1/tasks/\(HTTPRequest.element(task))/websocket/"
        let connecting = Deadline(client.timeout)
        limit = call.timeout.map { $0 + client.timeout }
        self.deadline = Deadline(limit)
        description = "Exec \"\(call.command.first ?? "")\""
        control = try client.openWebSocket(base + "control", deadline: connecting, limit: client.timeout)
        stdio = try client.openWebSocket(base + "stdio", deadline: connecting, limit: client.timeout)
        if call.separatesStandardError {
            stderr = try client.openWebSocket(base + "stderr", deadline: connecting, limit: client.timeout)
        }
        stderrIsDone = !call.separatesStandardError
        input = call.input
        self.messages = messages
    }

    /// Moves bytes until the command's output has ended.
    mutating func run(onOutput: (ExecStream, [UInt8]) throws -> Void) throws(PebbleClientError) {
        do {
            while !(stdioIsDone && stderrIsDone) {
                try feed()
                try control.flush()
                try stdio.flush()
                try wait()
                try drain(onOutput)
            }
        } catch StreamError.timedOut {
            throw .timedOut(request: description, after: limit ?? .zero)
        } catch let error as StreamError {
            throw .notReachable(request: description, reason: error.reason)
        } catch let error as MalformedReply {
            throw .badReply(request: description, reason: error.reason)
        } catch {
            throw .badReply(request: description, reason: "\(error)")
        }
    }

    /// Queues input as long as little waits to be written.
    private mutating func feed() throws(StreamError) {
        if inputIsDone { return }
        if case .bytes(let bytes) = input, stdio.backlog < Self.backlogLimit {
            let piece = bytes[inputPosition..<min(inputPosition + (1 << 16), bytes.count)]
            if !piece.isEmpty { stdio.send(binary: Array(piece)) }
            inputPosition += piece.count
            if inputPosition == bytes.count { endInput() }
        }
    }

    private mutating func endInput() {
        inputIsDone = true
        stdio.send(text: ExecMessage.endText)
    }

    private var readsDescriptor: Int32? {
        guard case .descriptor(let descriptor) = input, !inputIsDone, stdio.backlog < Self.backlogLimit else {
            return nil
        }
        return descriptor
    }

    /// Waits until one of the sockets, the input or a message is ready.
    private func wait() throws(StreamError) {
        var entries = [
            entry(control.stream.descriptor, writes: control.backlog > 0),
            entry(stdio.stream.descriptor, writes: stdio.backlog > 0),
        ]
        // A closed socket is always ready; it would keep us busy.
        if control.isClosed { entries[0].fd = -1 }
        if stdio.isClosed { entries[1].fd = -1 }
        if let stderr, !stderrIsDone { entries.append(entry(stderr.stream.descriptor, writes: false)) }
        if let descriptor = readsDescriptor { entries.append(entry(descriptor, writes: false)) }
        if let messages { entries.append(entry(messages.readEnd, writes: false)) }
        let moreInput: Bool
        if case .bytes = input {
            moreInput = !inputIsDone && stdio.backlog < Self.backlogLimit
        } else {
            moreInput = false
        }
        let count = poll(&entries, nfds_t(entries.count), moreInput ? 0 : deadline.pollTimeout)
        if count == 0 && deadline.isPast { throw .timedOut }
        if count < 0 && errno != EINTR { throw .system(number: errno, operation: "poll") }
    }

    private func entry(_ descriptor: Int32, writes: Bool) -> pollfd {
        pollfd(fd: descriptor, events: Int16(POLLIN) | (writes ? Int16(POLLOUT) : 0), revents: 0)
    }

    /// Takes whatever has come.
    private mutating func drain(_ onOutput: (ExecStream, [UInt8]) throws -> Void) throws {
        if !control.isClosed { _ = try control.receive() }
        if !stdio.isClosed {
            let messages = try stdio.receive()
            if !stdioIsDone { stdioIsDone = try Self.pass(messages, .standardOutput, onOutput) }
        }
        if var socket = stderr, !stderrIsDone {
            stderrIsDone = try Self.pass(socket.receive(), .standardError, onOutput)
            stderr = socket
        }
        if let descriptor = readsDescriptor, isReadable(descriptor) { readInput(descriptor) }
        if let messages { forward(messages.readEnd) }
    }

    /// Hands output on and says whether the stream has ended.
    private static func pass(
        _ messages: [WebSocketMessage],
        _ stream: ExecStream,
        _ onOutput: (ExecStream, [UInt8]) throws -> Void
    ) throws -> Bool {
        for message in messages {
            switch message {
            case .binary(let bytes): try onOutput(stream, bytes)
            case .text(let text) where text == ExecMessage.endText: return true
            case .text: break
            case .closed: return true
            }
        }
        return false
    }

    private func isReadable(_ descriptor: Int32) -> Bool {
        var entry = entry(descriptor, writes: false)
        return poll(&entry, 1, 0) > 0
    }

    private mutating func readInput(_ descriptor: Int32) {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, used in
            count = read(descriptor, buffer.baseAddress, 1 << 16)
            used = max(count, 0)
        }
        if count > 0 {
            stdio.send(binary: bytes)
        } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
            // An input that cannot be read has no more to give; the command sees its end.
            endInput()
        }
    }

    /// Passes lines from other threads on to the command.
    private mutating func forward(_ descriptor: Int32) {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 12) { buffer, used in
            count = read(descriptor, buffer.baseAddress, 1 << 12)
            used = max(count, 0)
        }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            control.send(text: String(decoding: line, as: UTF8.self))
        }
    }
}
