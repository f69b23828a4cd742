// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A connected stream socket in the file system's name space, used by one thread at a time and closed when dropped.
struct LocalConnection: ~Copyable, Sendable {
    private let descriptor: Int32
    private var buffered: [UInt8] = []

    /// What a peer that never ends its line may make the agent hold.
    static let longestLine = 64 << 20

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects to the socket at `path`.
    static func connect(to path: String) throws(SystemError) -> LocalConnection {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("make a socket") }
        let connection = LocalConnection(descriptor: descriptor)
        let result = try withSocketAddress(path) { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else { throw SystemError.last("connect to \(path)") }
        return connection
    }

    /// The user at the other end.
    func peerUser() throws(SystemError) -> UInt32 { try PeerCredentials(socket: descriptor).userID }

    /// The next bytes, empty at the end.
    private func receive() throws(SystemError) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count >= 0 { return Array(chunk[..<count]) }
            if errno != EINTR { throw SystemError.last("read from a socket") }
        }
    }

    /// The next bytes of a stream that is cut into messages elsewhere; empty at the end.
    func readSome() throws(SystemError) -> [UInt8] { try receive() }

    /// Reads a line without its newline, or `nil` at the end.
    mutating func readLine() throws(SystemError) -> [UInt8]? {
        var searched = 0
        while true {
            if let end = buffered[searched...].firstIndex(of: 10) {
                let line = Array(buffered[..<end])
                buffered.removeFirst(end + 1)
                return line
            }
            searched = buffered.count
            guard searched < Self.longestLine else {
                throw SystemError(number: EMSGSIZE, operation: "read a line from a socket")
            }
            let chunk = try receive()
            if chunk.isEmpty { return nil }
            buffered += chunk
        }
    }

    /// Writes all bytes.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno != EINTR {
                throw SystemError.last("write to a socket")
            }
        }
    }

    /// Ends both directions, so that a thread blocked in a read of this socket returns.
    static func interrupt(_ descriptor: Int32) { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// Whether the other end is of the user this process runs as, or root.
func isOwnUser(_ connection: borrowing LocalConnection) -> Bool {
    guard let user = try? connection.peerUser() else { return false }
    return user == geteuid() || user == 0
}

/// A listening socket in the file system's name space that only its owner may use.
final class LocalListener: Sendable {
    let path: String
    private let descriptor: Int32

    /// Listens at `path`, replacing what a dead agent left there.
    ///
    /// The caller holds the agent's lock, so it is dead.
    init(path: String) throws(SystemError) {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("make a socket") }
        unlink(path)
        let socket = descriptor
        // The mode of the descriptor becomes that of the file at bind: never open to others, not even for an instant.
        fchmod(socket, 0o600)
        guard try withSocketAddress(path, { bind(socket, $0, $1) }) == 0 else { throw SystemError.last("bind \(path)") }
        guard chmod(path, 0o600) == 0 else { throw SystemError.last("restrict \(path)") }
        guard listen(socket, 64) == 0 else { throw SystemError.last("listen on \(path)") }
    }

    deinit { close(descriptor) }

    /// The next connection, or `nil` once the listener is stopped.
    func accept() throws(SystemError) -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                // accept4 is not in the module; a child spawned in between closes what it does not expect anyway.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                return connection
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EINVAL, EBADF: return nil
            case EMFILE, ENFILE, ENOMEM, ENOBUFS:
                // Out of descriptors or memory: connections end and free them; a tight loop would be no help.
                usleep(50_000)
            default: throw SystemError.last("accept on \(path)")
            }
        }
    }

    /// Makes a blocked ``accept()`` return `nil` and removes the file.
    func stop() {
        LocalConnection.interrupt(descriptor)
        unlink(path)
    }
}

private func withSocketAddress<Result>(
    _ path: String,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) throws(SystemError) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < capacity else {
        throw SystemError(
            number: ENAMETOOLONG,
            operation: "use the socket path \(path) of more than \(capacity - 1) bytes"
        )
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
