// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc
import Synchronization

/// A socket that receives datagrams, read by one thread; it closes itself when nobody holds it.
package final class DatagramSocket: Sendable {
    /// How many datagrams are taken from the kernel at once.
    private static let batch = 16

    private let descriptor: Int32
    private let stopped = Atomic(false)

    private init(family: Int32) throws(SystemError) {
        descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .last("open a socket") }
    }

    deinit { close(descriptor) }

    /// Listens on a UDP port.
    ///
    /// - Parameters:
    ///   - host: The host's name or address; nil for every address, of both families where the kernel has IPv6.
    ///   - port: The port; 0 lets the kernel choose.
    /// - Returns: The socket.
    /// - Throws: `SystemError` when the address cannot be had.
    package static func udp(host: String?, port: Int) throws(SystemError) -> DatagramSocket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var failure = SystemError(number: EADDRNOTAVAIL, operation: "look up \(host ?? "the machine's addresses")")
        for name in host.map({ [$0] }) ?? ["::", "0.0.0.0"] {
            var found: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(name, String(port), &hints, &found) == 0, let first = found else { continue }
            defer { freeaddrinfo(first) }
            do throws(SystemError) {
                // No address reuse: over UDP it would let a second one take the packets of the first without a word.
                let socket = try DatagramSocket(family: first.pointee.ai_family)
                let result = Glibc.bind(socket.descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen)
                if result != 0 { throw .last("bind to port \(port)") }
                return socket
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Listens at the path of a Unix socket.
    ///
    /// - Parameters:
    ///   - path: The socket's path.
    ///   - mode: The permissions it gets.
    /// - Returns: The socket.
    /// - Throws: `SystemError` when the path cannot be had.
    package static func unix(path: String, mode: UInt32) throws(SystemError) -> DatagramSocket {
        let socket = try DatagramSocket(family: AF_UNIX)
        // Before the socket has a name its mode is set on the descriptor: Linux gives the file that mode at once.
        guard fchmod(socket.descriptor, mode) == 0 else { throw .last("set the mode of a socket") }
        try withAddress(path, "bind to \(path)") { Glibc.bind(socket.descriptor, $0, $1) }
        guard chmod(path, mode) == 0 else { throw .last("set the mode of \(path)") }
        return socket
    }

    /// Whether there is a Unix socket at a path that refuses packets, as one does whose process is gone.
    package static func isAbandoned(_ path: String) -> Bool {
        guard let probe = try? DatagramSocket(family: AF_UNIX) else { return false }
        do throws(SystemError) {
            try withAddress(path, "connect to \(path)") { connect(probe.descriptor, $0, $1) }
            return false
        } catch {
            return error.number == ECONNREFUSED
        }
    }

    /// The port that is listened on; nil for a Unix socket.
    package var port: Int? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            let isKnown = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size) == 0
            }
            guard isKnown else { return nil }
            // The port is at the same place in addresses of both families.
            guard [AF_INET, AF_INET6].contains(Int32(pointer.pointee.ss_family)) else { return nil }
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                Int(UInt16(bigEndian: $0.pointee.sin_port))
            }
        }
    }

    /// Asks for a kernel's buffer of a size in bytes.
    ///
    /// - Throws: `SystemError` when the kernel refuses.
    package func setReadBuffer(_ bytes: Int) throws(SystemError) {
        var size = Int32(clamping: bytes)
        let length = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length) == 0 else {
            throw .last("set the size of a socket's buffer")
        }
    }

    /// Receives until it is stopped, on the calling thread.
    ///
    /// - Parameter take: Takes each datagram.
    /// - Throws: `SystemError` when the socket fails.
    package func receive(_ take: ([UInt8]) -> Void) throws(SystemError) {
        let size = 65_536
        // Only the pages that long datagrams have touched are ever resident.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size * Self.batch, alignment: 16)
        defer { buffer.deallocate() }
        var lengths = [UInt32](repeating: 0, count: Self.batch)
        while true {
            let count = clinux_receive_datagrams(descriptor, buffer.baseAddress, size, &lengths, Int32(Self.batch))
            if stopped.load(ordering: .acquiring) { return }
            // What could not be delivered to others is reported here, too: it concerns that datagram alone.
            if count == -EINTR || count == -ECONNREFUSED { continue }
            guard count >= 0 else { throw SystemError(number: -count, operation: "receive datagrams") }
            for place in 0..<Int(count) {
                let start = place * size
                take(Array(buffer[start..<start + Int(lengths[place])]))
            }
        }
    }

    /// Ends `receive`, on whatever thread it waits.
    package func stop() {
        stopped.store(true, ordering: .releasing)
        // An error for sockets that are not connected, which wakes their readers all the same.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func withAddress(
        _ path: String,
        _ operation: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(number: ENAMETOOLONG, operation: operation)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 { throw .last(operation) }
    }
}
