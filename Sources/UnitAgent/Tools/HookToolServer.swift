// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport

/// Serves hook tools on a Unix socket: a thread for each connection, the calls themselves one at a time.
final class HookToolServer: Sendable {
    private let listener: LocalListener
    private let runner: HookToolRunner

    init(socketPath: String, runner: HookToolRunner) throws(SystemError) {
        listener = try LocalListener(path: socketPath)
        self.runner = runner
    }

    /// Begins to accept.
    func start() throws(SystemError) {
        let (listener, runner) = (listener, runner)
        try startThread(named: "hook-tools") {
            while let descriptor = (try? listener.accept()) ?? nil {
                let started: ()? = try? startThread(named: "hook-tool") {
                    Self.serve(LocalConnection(descriptor: descriptor), runner)
                }
                // Without a thread the caller is told by the end of the connection.
                if started == nil { _ = LocalConnection(descriptor: descriptor) }
            }
        }
    }

    func stop() { listener.stop() }

    private static func serve(_ connection: consuming LocalConnection, _ runner: HookToolRunner) {
        // Only the agent's own user may call: the socket's mode says so, and the kernel confirms it.
        guard isOwnUser(connection) else { return }
        var decoder = FrameDecoder()
        // A connection that breaks, or does not speak the protocol, is over; nobody is left to be told.
        while let piece = try? connection.readSome(), !piece.isEmpty {
            decoder.append(piece)
            do {
                while let frame = try decoder.next() {
                    let reply = answer(frame, runner)
                    try connection.write(try reply.frame.encoded())
                }
            } catch {
                return
            }
        }
    }

    private static func answer(_ frame: Frame, _ runner: HookToolRunner) -> ToolReply {
        do throws(FrameError) {
            return runner.perform(try ToolRequest(frame: frame))
        } catch {
            return ToolReply(failure: "bad request: \(error)")
        }
    }
}
