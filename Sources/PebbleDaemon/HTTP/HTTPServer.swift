// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import PebbleAPI
import Synchronization

/// Listens for clients, on the supervisor's loop.
struct HTTPServer: Sendable {
    let api: API
    let pace: RequestPace
    let counter = ConnectionCounter()

    var loop: any EventLoop { api.supervisor.loop }

    /// Listens on a Unix socket, at which everybody may knock: the kernel says who they are.
    func listen(socket path: String) async throws -> any Channel {
        let channel = try await bootstrap { channel in
            PeerUser.of(channel).map { Peer.local(userID: $0) }
        }.bind(unixDomainSocketPath: path).get()
        guard chmod(path, 0o666) == 0 else {
            let error = SystemError.last("chmod \(path)")
            try? await channel.close()
            throw error
        }
        return channel
    }

    /// Listens on a Unix socket that somebody else opened, and takes it over.
    func listen(inherited descriptor: Int32) async throws -> any Channel {
        try await bootstrap { channel in
            PeerUser.of(channel).map { Peer.local(userID: $0) }
        }.withBoundSocket(descriptor).get()
    }

    /// Listens on a TCP address for what is open to all; an empty host is all of the machine's.
    func listen(host: String, port: Int) async throws -> any Channel {
        let bootstrap = bootstrap { channel in
            channel.eventLoop.makeSucceededFuture(.remote)
        }
        guard host.isEmpty else { return try await bootstrap.bind(host: host, port: port).get() }
        do {
            return try await bootstrap.bind(host: "::", port: port).get()
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
            // A machine without IPv6.
            return try await bootstrap.bind(host: "0.0.0.0", port: port).get()
        }
    }

    private func bootstrap(
        peer: @escaping @Sendable (any Channel) -> EventLoopFuture<Peer>
    ) -> ServerBootstrap {
        let (api, counter, pace) = (api, counter, pace)
        return ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Whoever says that nothing more will come still wants to hear the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Requests are taken apart as they are read, however many are sent in one go: no more of them at a time
            // than a client can mean.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
            .childChannelOption(.maxMessagesPerRead, value: 2)
            .childChannelInitializer { channel in
                peer(channel).flatMapThrowing { peer in
                    try counter.admit(channel, from: peer)
                    try Self.configure(channel, api: api, peer: peer, pace: pace)
                }
            }
    }

    static func configure(_ channel: any Channel, api: API, peer: Peer, pace: RequestPace) throws {
        let paceHandler = RequestPaceHandler(pace: pace)
        let plainHandler = PlainRequestHandler(api: api, peer: peer, pace: paceHandler)
        let handler = HTTPConnectionHandler(api: api, peer: peer, pace: paceHandler, plain: plainHandler)
        let loopHandlers = NIOLoopBound((handler, paceHandler, plainHandler), eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: 16 << 20,
            automaticErrorHandling: true,
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(ExecUpgrade.accepts(head, api: api, peer: peer) ? [:] : nil)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    guard let (task, socket) = ExecUpgrade.target(head.uri) else { return }
                    try channel.pipeline.syncOperations.addHandler(
                        ExecSocketHandler(supervisor: api.supervisor, taskID: task, socket: socket)
                    )
                }
            }
        )
        try channel.pipeline.syncOperations.addHandlers(plainHandler, paceHandler)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: true,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    let (handler, paceHandler, plainHandler) = loopHandlers.value
                    context.pipeline.syncOperations.removeHandler(handler, promise: nil)
                    context.pipeline.syncOperations.removeHandler(paceHandler, promise: nil)
                    context.pipeline.syncOperations.removeHandler(plainHandler, promise: nil)
                }
            ),
            withErrorHandling: true
        )
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}

/// The user at the other end of a connection.
enum PeerUser {
    /// What the kernel fills in for `SO_PEERCRED`.
    private struct Credentials: Sendable {
        var pid: Int32
        var userID: UInt32
        var groupID: UInt32
    }

    private struct Unknown: Error {}

    static func of(_ channel: any Channel) -> EventLoopFuture<UInt32> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(Unknown())
        }
        let future: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .socket,
            name: .init(rawValue: SO_PEERCRED)
        )
        return future.map(\.userID)
    }
}
