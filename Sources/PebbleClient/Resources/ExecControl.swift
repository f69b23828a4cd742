// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// Sends signals and terminal sizes to a running command, from any thread.
public final class ExecControl: Sendable {
    /// Messages go through a pair of sockets, one line each, so that whoever polls the command's sockets wakes up.
    let readEnd: Int32
    private let writeEnd: Int32

    /// Makes a control; nil when the process has no descriptors left.
    public init?() {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Sends a signal to the command's process.
    ///
    /// - Parameter name: the signal, such as `SIGTERM`.
    public func signal(_ name: String) {
        send(ExecMessage(command: "signal", signal: .init(name: name)))
    }

    /// Tells the command's terminal its new size.
    public func resize(_ size: ExecCall.TerminalSize) {
        send(ExecMessage(command: "resize", resize: .init(width: size.width, height: size.height)))
    }

    private func send(_ message: ExecMessage) {
        // A message of two fields always has a JSON form; a full socket means nobody reads, so there is nobody to tell.
        guard let data = try? WireJSON.bytes(of: message) else { return }
        let line = data + [UInt8(ascii: "\n")]
        _ = line.withUnsafeBytes { write(writeEnd, $0.baseAddress, $0.count) }
    }
}
