// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore
import NIOWebSocket
import PebbleAPI

/// A command on its way: the sockets its client opened, its pipes, its process.
///
/// Belongs to the supervisor.
final class ExecSession {
    let taskID: String
    let setup: ExecSetup
    private var sockets: [ExecSocket: any Channel] = [:]
    /// Those a client has been promised, connected or about to be.
    private var reserved: Set<ExecSocket> = []
    private var ready: CheckedContinuation<Bool, Never>?
    var child: ChildProcess?
    /// Where input goes: a pipe, or the terminal.
    var input: (any Channel)?
    /// What came before there was anywhere to put it.
    private var earlyInput: [ByteBuffer] = []
    private var earlyInputSize = 0
    private var isInputEnded = false
    /// Where output comes from, for pausing it.
    var outputs: [ExecSocket: any Channel] = [:]
    private var openOutputs = 0
    private var drained: CheckedContinuation<Void, Never>?
    private var terminal: Int32?
    private(set) var isOver = false
    private var isGivenUp = false
    var isTimedOut = false

    init(taskID: String, setup: ExecSetup) {
        self.taskID = taskID
        self.setup = setup
    }

    /// The sockets there are to connect to.
    var offered: Set<ExecSocket> { setup.splitsError ? [.control, .stdio, .stderr] : [.control, .stdio] }

    private var isReady: Bool { offered.subtracting([.control]).isSubset(of: Set(sockets.keys)) }

    func isConnected(_ socket: ExecSocket) -> Bool { reserved.contains(socket) }

    /// Promises a socket to a client.
    ///
    /// Says whether it was free.
    func reserve(_ socket: ExecSocket) -> Bool { reserved.insert(socket).inserted }

    // MARK: - Sockets

    func connect(_ socket: ExecSocket, _ channel: any Channel) {
        sockets[socket] = channel
        if isReady {
            ready?.resume(returning: true)
            ready = nil
        }
    }

    /// Waits until the command's input and output can go somewhere.
    ///
    /// False when given up.
    func waitUntilReady() async -> Bool {
        if isReady { return true }
        if isOver || isGivenUp { return false }
        return await withCheckedContinuation { ready = $0 }
    }

    /// Ends the wait, also one that has yet to begin.
    func giveUpWaiting() {
        isGivenUp = true
        ready?.resume(returning: false)
        ready = nil
    }

    /// The client is gone, or has had enough.
    func abort() {
        isOver = true
        giveUpWaiting()
        child?.send(.kill)
    }

    /// Kills what the command has started and may have left running.
    func killDescendants() {
        guard let child else { return }
        if child.ended == nil {
            child.sendToGroup(.kill)
        } else {
            LeftoverProcesses.signal(group: child.pid, .kill)
        }
    }

    func closed(_ socket: ExecSocket, cleanly: Bool) {
        switch socket {
        case .control:
            // A client that vanishes takes its command along.
            if !cleanly, !isOver { child?.send(.kill) }
        case .stdio:
            endInput()
        case .stderr:
            break
        }
        // Output nobody wants any more is read and dropped, or the command would wait for ever.
        resumeOutput(socket)
    }

    // MARK: - Input

    private static let earlyInputLimit = 1 << 20

    func received(_ data: ByteBuffer) {
        guard !isInputEnded else { return }
        guard let input else {
            earlyInput.append(data)
            earlyInputSize += data.readableBytes
            if earlyInputSize > Self.earlyInputLimit { setReading(sockets[.stdio], false) }
            return
        }
        input.writeAndFlush(data, promise: nil)
        // Input for a command that has closed its end is dropped, and must not be waited for.
        if input.isActive, !input.isWritable { setReading(sockets[.stdio], false) }
    }

    func inputHasRoom() {
        setReading(sockets[.stdio], true)
    }

    func endInput() {
        guard !isInputEnded else { return }
        isInputEnded = true
        if input != nil { closeInput() }
    }

    /// Gives the input somewhere to go, and what came before goes there.
    func openInput(_ channel: any Channel) {
        input = channel
        for data in earlyInput { channel.write(data, promise: nil) }
        earlyInput = []
        channel.flush()
        setReading(sockets[.stdio], channel.isWritable || !channel.isActive)
        if isInputEnded { closeInput() }
    }

    private func closeInput() {
        guard let input else { return }
        if setup.isInteractive {
            // The terminal stays open; to the program this is the end of its input.
            input.writeAndFlush(ByteBuffer(bytes: [4]), promise: nil)
        } else {
            // Closing drops what is not written yet, so it has its turn after that.
            input.writeAndFlush(ByteBuffer()).whenComplete { _ in input.close(promise: nil) }
        }
    }

    // MARK: - Output

    func beginOutput(_ socket: ExecSocket, _ channel: any Channel) {
        outputs[socket] = channel
        openOutputs += 1
    }

    func output(_ data: ByteBuffer, to socket: ExecSocket) {
        guard let channel = sockets[socket], channel.isActive else { return }
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .binary, data: data), promise: nil)
        if !channel.isWritable { setReading(outputs[socket], false) }
    }

    func resumeOutput(_ socket: ExecSocket) {
        setReading(outputs[socket], true)
    }

    func outputEnded() {
        openOutputs -= 1
        guard openOutputs == 0 else { return }
        drained?.resume()
        drained = nil
    }

    func waitUntilDrained() async {
        guard openOutputs > 0 else { return }
        await withCheckedContinuation { drained = $0 }
    }

    private func setReading(_ channel: (any Channel)?, _ isOn: Bool) {
        _ = channel?.setOption(.autoRead, value: isOn)
    }

    // MARK: - Control

    func control(_ message: ExecMessage) {
        switch message.command {
        case "signal":
            guard let name = message.signal?.name, let signal = Signal(name: name) else { return }
            child?.send(signal)
        case "resize":
            guard let size = message.resize, let terminal else { return }
            // A terminal that is just closing has no size to set.
            try? PseudoTerminal.resize(
                terminal,
                columns: UInt16(clamping: size.width),
                rows: UInt16(clamping: size.height)
            )
        default:
            break
        }
    }

    func attach(terminal: Int32) { self.terminal = terminal }

    /// Tells the client that there is no more, and closes.
    func finish() {
        isOver = true
        terminal = nil
        input?.close(promise: nil)
        for (socket, channel) in sockets { Self.end(socket, channel) }
    }

    /// Tells the client at a socket that nothing more will come.
    static func end(_ socket: ExecSocket, _ channel: any Channel) {
        guard channel.isActive else { return }
        if socket == .control {
            channel.close(promise: nil)
            return
        }
        let end = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: ExecMessage.endText))
        channel.writeAndFlush(end).whenComplete { _ in closeGently(channel) }
    }

    /// Closes our side and leaves the other to the client for a while.
    ///
    /// It may just be telling the end of its input, and would take a closed socket for a failure.
    private static func closeGently(_ channel: any Channel) {
        channel.close(mode: .output, promise: nil)
        let timer = channel.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
    }
}
