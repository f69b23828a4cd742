// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The right to a Unix socket's path.
enum SocketClaim {
    /// What `sun_path` holds, less the NUL at its end.
    static let longestPath = 107

    /// Removes a socket nobody listens at; refuses one somebody does.
    ///
    /// The lock on the directory is held while `body` binds the path, so that of two daemons that start together one
    /// finds the other's socket.
    static func claim<Result>(_ path: String, _ body: () async throws -> Result) async throws -> Result {
        guard path.utf8.count <= longestPath else {
            throw DaemonError(
                .invalid,
                "when trying to listen on \(path): socket path has \(path.utf8.count) bytes, "
                    + "the kernel takes \(longestPath); set PEBBLE_SOCKET to a shorter one"
            )
        }
        let directory = FileOperations.parent(path)
        let lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw SystemError.last("open \(directory)") }
        // Closing releases it.
        defer { close(lock) }
        guard flock(lock, LOCK_EX) == 0 else { throw SystemError.last("lock \(directory)") }
        if isListening(path) {
            throw DaemonError(.invalid, "when trying to listen on \(path): socket \"\(path)\" already in use")
        }
        var information = stat()
        if lstat(path, &information) == 0 {
            guard information.st_mode & S_IFMT == S_IFSOCK else {
                throw DaemonError(.invalid, "when trying to listen on \(path): there is a file that is no socket")
            }
            unlink(path)
        }
        return try await body()
    }

    private static func isListening(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(longestPath)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
