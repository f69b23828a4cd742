// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import NIOCore
import NIOPosix
import PebbleAPI

/// Sends files as the parts of a multipart body, and at its end what became of each.
struct FileSender: Sendable {
    var paths: [String]
    var boundary: String

    private static let pieceSize = 128 << 10

    func run(_ writer: ResponseWriter) async throws {
        var results: [FileResult] = []
        for path in paths {
            do {
                let descriptor = try await opened(path)
                defer { close(descriptor) }
                try await send(path, descriptor, writer)
                results.append(FileResult(path: path))
            } catch let error as FileError {
                results.append(FileResult(path: path, error: error.result))
            }
        }
        let envelope = Envelope(type: .sync, statusCode: 200, result: results)
        var end = header("Content-Disposition: form-data; name=\"response\"", "application/json")
        end.writeBytes(try WireJSON.bytes(of: envelope))
        end.writeString("\r\n--\(boundary)--\r\n")
        try await writer.write(end)
    }

    private func opened(_ path: String) async throws -> Int32 {
        try await NIOThreadPool.singleton.runIfActive {
            guard path.hasPrefix("/") else { throw FileError("paths must be absolute, got \"\(path)\"") }
            // To the kernel a path ends at a zero byte, so it would be another one.
            guard !path.utf8.contains(0) else {
                throw FileError(SystemError(number: EINVAL, operation: "open \(path)"))
            }
            var information = stat()
            guard stat(path, &information) == 0 else { throw FileError(SystemError.last("stat \(path)")) }
            // Before it is opened: a pipe would keep the reader waiting for a writer.
            guard information.st_mode & S_IFMT == S_IFREG else {
                throw FileError("can only read a regular file: \"\(path)\"")
            }
            let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw FileError(SystemError.last("open \(path)")) }
            return descriptor
        }
    }

    private func send(_ path: String, _ descriptor: Int32, _ writer: ResponseWriter) async throws {
        let name = path.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        try await writer.write(
            header(
                "Content-Disposition: form-data; name=\"files\"; filename=\"\(String(name))\"",
                "application/octet-stream"
            )
        )
        while true {
            let piece = try await NIOThreadPool.singleton.runIfActive {
                var buffer = ByteBufferAllocator().buffer(capacity: Self.pieceSize)
                let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { space in
                    max(0, Glibc.read(descriptor, space.baseAddress, space.count))
                }
                return count > 0 ? buffer : nil
            }
            guard let piece else { break }
            try await writer.write(piece)
        }
        try await writer.write(ByteBuffer(string: "\r\n"))
    }

    private func header(_ disposition: String, _ type: String) -> ByteBuffer {
        ByteBuffer(string: "--\(boundary)\r\n\(disposition)\r\nContent-Type: \(type)\r\n\r\n")
    }
}
