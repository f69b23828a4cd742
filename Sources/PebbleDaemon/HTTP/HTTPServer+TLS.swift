// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix

extension HTTPServer {
    /// Listens on a TCP address for clients that show a certificate; an empty host is all of the machine's.
    func listen(host: String, port: Int, identity: ServerIdentity) async throws -> any Channel {
        let (api, counter) = (api, counter)
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
                        try Self.configure(channel, api: api, peer: .secured(certificate: certificate))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
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
