// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix
import TLSChannel
import TLSSupport

extension HTTPServer {
    /// Listens on a TCP address for clients that show a certificate; an empty host is all of the machine's.
    func listen(host: String, port: Int, identity: ServerIdentity) async throws -> any Channel {
        let (api, counter, pace) = (api, counter, pace)
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
            .childChannelOption(.maxMessagesPerRead, value: 2)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Before it is known who it is: all of them share what there is for others.
                    try counter.admit(channel, from: .secured(certificate: []))
                    let handler = try TLSHandler(context: try identity.context(), host: nil) { channel, certificate in
                        try Self.configure(channel, api: api, peer: .secured(certificate: certificate), pace: pace)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let log = api.supervisor.surroundings.log
                    try channel.pipeline.syncOperations.addHandler(StrangerLog(log: log))
                }
            }
        guard host.isEmpty else { return try await bootstrap.bind(host: host, port: port).get() }
        do {
            return try await bootstrap.bind(host: "::", port: port).get()
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
            // A machine without IPv6.
            return try await bootstrap.bind(host: "0.0.0.0", port: port).get()
        }
    }
}

/// Tells of connections that never come to be, for want of a certificate or of TLS.
private final class StrangerLog: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let log: DaemonLog

    init(log: DaemonLog) {
        self.log = log
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is TLSError {
            log.record(.denied(by: "-", path: "tls"))
            log.debug("HTTPS client \(context.remoteAddress?.ipAddress ?? "-"): \(error)")
        }
        context.fireErrorCaught(error)
    }
}
