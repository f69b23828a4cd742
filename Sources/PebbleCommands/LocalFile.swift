// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Files of this machine, of any size.
enum LocalFile {
    private static let pieceSize = 256 << 10

    /// Opens a file and gives a closure what reads the next piece of it, nil at its end.
    static func read(_ path: String, _ body: (() throws -> [UInt8]?) throws -> Void) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandFailure("\(SystemError.last("open \(path)"))") }
        defer { close(descriptor) }
        try body {
            var failure: SystemError?
            let piece = [UInt8](unsafeUninitializedCapacity: pieceSize) { buffer, used in
                var count = Glibc.read(descriptor, buffer.baseAddress, pieceSize)
                while count < 0, errno == EINTR { count = Glibc.read(descriptor, buffer.baseAddress, pieceSize) }
                if count < 0 { failure = SystemError.last("read \(path)") }
                used = max(0, count)
            }
            if let failure { throw CommandFailure("\(failure)") }
            return piece.isEmpty ? nil : piece
        }
    }

    /// Gives a closure what takes the pieces of a file, which is there, whole, once the closure has returned.
    static func write(_ path: String, _ body: (([UInt8]) throws -> Void) throws -> Void) throws {
        func failed(_ error: SystemError) -> CommandFailure {
            CommandFailure("\(error)")
        }
        var information = stat()
        // A terminal, a pipe or a link is written to, not put aside.
        if lstat(path, &information) == 0, information.st_mode & S_IFMT != S_IFREG {
            let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
            guard descriptor >= 0 else { throw failed(SystemError.last("open \(path)")) }
            defer { close(descriptor) }
            return try body { piece in
                do throws(SystemError) {
                    try FileBytes.write(piece, to: descriptor, named: path)
                } catch {
                    throw failed(error)
                }
            }
        }
        var file: AtomicFile
        do throws(SystemError) {
            file = try AtomicFile(path: path, mode: 0o644, isDurable: false)
        } catch {
            throw failed(error)
        }
        do {
            try body { piece in
                do throws(SystemError) { try file.append(piece) } catch { throw failed(error) }
            }
            do throws(SystemError) { try file.commit() } catch { throw failed(error) }
        } catch {
            file.discard()
            throw error
        }
    }
}
