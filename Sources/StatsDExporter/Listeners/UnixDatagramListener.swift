// SPDX-License-Identifier: Apache-2.0
import Glibc
import MetricsServer
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Receives packets over a Unix datagram socket until it is asked to stop.
///
/// Senders on such a socket have no address, which NIO's datagram channels do not survive; one thread reads instead.
struct UnixDatagramListener: Service {
    /// The longest packet; longer ones are cut.
    private static let longestPacket = 65_536

    private let socket: OpenSocket
    private let path: String
    private let receiver: StatsDReceiver

    /// Binds the socket; one at the path that nobody reads any more is replaced.
    ///
    /// - Parameters:
    ///   - path: The socket's path.
    ///   - mode: The permissions it gets.
    ///   - readBuffer: The size of the kernel's buffer in bytes; 0 for its usual one.
    ///   - receiver: Who gets the packets.
    /// - Throws: `ListenFailure` when the path cannot be had.
    init(path: String, mode: mode_t, readBuffer: Int, receiver: StatsDReceiver) throws {
        do {
            if Self.isAbandoned(path) { unlink(path) }
            socket = try OpenSocket()
            try socket.bind(path, mode: mode)
            if readBuffer > 0 { try socket.setReadBuffer(readBuffer) }
        } catch {
            throw ListenFailure("StatsD packets", on: path, reason: error)
        }
        self.path = path
        self.receiver = receiver
    }

    func run() async throws {
        let (socket, receiver) = (socket, receiver)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await NIOThreadPool.singleton.runIfActive {
                var buffer = [UInt8](repeating: 0, count: Self.longestPacket)
                while let count = try socket.receive(into: &buffer) {
                    receiver.receive(Array(buffer[..<count]), from: .unix)
                }
            }
        } onCancelOrGracefulShutdown: {
            socket.stop()
        }
        unlink(path)
    }

    /// Whether there is a socket at a path that refuses packets, as one does whose process is gone.
    private static func isAbandoned(_ path: String) -> Bool {
        guard let probe = try? OpenSocket() else { return false }
        do {
            try probe.connect(path)
            return false
        } catch let error as IOError {
            return error.errnoCode == ECONNREFUSED
        } catch {
            return false
        }
    }
}

/// A Unix datagram socket that closes itself when nobody holds it.
private final class OpenSocket: Sendable {
    private let descriptor: Int32
    private let stopped = Atomic(false)

    init() throws {
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw IOError(errnoCode: errno, reason: "socket") }
    }

    deinit { close(descriptor) }

    func bind(_ path: String, mode: mode_t) throws {
        // Before the socket has a name its mode is set on the descriptor: Linux gives the file that mode at once.
        guard fchmod(descriptor, mode) == 0 else { throw IOError(errnoCode: errno, reason: "fchmod") }
        try withAddress(path, "bind") { Glibc.bind(descriptor, $0, $1) }
        guard chmod(path, mode) == 0 else { throw IOError(errnoCode: errno, reason: "chmod") }
    }

    func connect(_ path: String) throws {
        try withAddress(path, "connect") { Glibc.connect(descriptor, $0, $1) }
    }

    func setReadBuffer(_ bytes: Int) throws {
        var size = Int32(clamping: bytes)
        let length = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length) == 0 else {
            throw IOError(errnoCode: errno, reason: "setsockopt")
        }
    }

    /// Waits for a packet; nil once stopped.
    func receive(into buffer: inout [UInt8]) throws -> Int? {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if stopped.load(ordering: .acquiring) { return nil }
            if count >= 0 { return count }
            if errno != EINTR { throw IOError(errnoCode: errno, reason: "recv") }
        }
    }

    /// Wakes whoever waits in `receive`.
    func stop() {
        stopped.store(true, ordering: .releasing)
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func withAddress(
        _ path: String,
        _ call: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw IOError(errnoCode: ENAMETOOLONG, reason: call)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 { throw IOError(errnoCode: errno, reason: call) }
    }
}
