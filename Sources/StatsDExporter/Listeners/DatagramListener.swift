// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import MetricsServer
import ServiceLifecycle

/// Receives packets over UDP or a Unix socket until it is asked to stop.
///
/// A thread of its own takes them from the kernel, as many as there are at a time, and hands each to the receiver: there
/// is no queue that could overflow but the kernel's.
struct DatagramListener: Service {
    private let socket: DatagramSocket
    private let path: String?
    private let receiver: StatsDReceiver
    private let origin: StatsDEngine.Origin

    /// The port that is listened on, over UDP.
    var port: Int? { socket.port }

    /// Binds a UDP socket.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - readBuffer: The size of the kernel's buffer in bytes; 0 for its usual one.
    ///   - receiver: Who gets the packets.
    ///   - origin: What the packets are: StatsD as such, or inside syslog's.
    /// - Throws: `ListenFailure` when the address cannot be had.
    init(
        udp address: ListenAddress,
        readBuffer: Int,
        receiver: StatsDReceiver,
        origin: StatsDEngine.Origin = .udp
    ) throws(ListenFailure) {
        do {
            socket = try DatagramSocket.udp(host: address.host, port: address.port)
            if readBuffer > 0 { try socket.setReadBuffer(readBuffer) }
        } catch {
            throw ListenFailure("StatsD over UDP", on: address.description, reason: error)
        }
        path = nil
        self.receiver = receiver
        self.origin = origin
    }

    /// Binds a Unix socket; one at the path that nobody reads any more is replaced.
    ///
    /// - Parameters:
    ///   - path: The socket's path.
    ///   - mode: The permissions it gets.
    ///   - readBuffer: The size of the kernel's buffer in bytes; 0 for its usual one.
    ///   - receiver: Who gets the packets.
    /// - Throws: `ListenFailure` when the path cannot be had.
    init(unix path: String, mode: mode_t, readBuffer: Int, receiver: StatsDReceiver) throws(ListenFailure) {
        do {
            if DatagramSocket.isAbandoned(path) { unlink(path) }
            socket = try DatagramSocket.unix(path: path, mode: mode)
            if readBuffer > 0 { try socket.setReadBuffer(readBuffer) }
        } catch {
            throw ListenFailure("StatsD packets", on: path, reason: error)
        }
        self.path = path
        self.receiver = receiver
        origin = .unix
    }

    func run() async throws {
        let (ended, end) = AsyncStream.makeStream(of: SystemError?.self)
        let (socket, receiver, origin) = (socket, receiver, origin)
        try startThread(named: "statsd") {
            do throws(SystemError) {
                try socket.receive { receiver.receive($0, from: origin) }
                end.yield(nil)
            } catch {
                end.yield(error)
            }
        }
        let failure = await withTaskCancellationOrGracefulShutdownHandler {
            var iterator = ended.makeAsyncIterator()
            return await iterator.next() ?? nil
        } onCancelOrGracefulShutdown: {
            socket.stop()
        }
        if let path { unlink(path) }
        if let failure { throw failure }
    }
}
