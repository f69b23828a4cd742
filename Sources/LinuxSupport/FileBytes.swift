// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Whole files as bytes.
package enum FileBytes {
    /// Reads a file, of which more than `limit` bytes are an error.
    package static func read(_ path: String, limit: Int = .max) throws(SystemError) -> [UInt8] {
        let descriptor = try retryingOnInterrupt("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try retryingOnInterrupt("read \(path)") { Glibc.read(descriptor, &buffer, buffer.count) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw SystemError(number: EFBIG, operation: "read \(path)") }
            bytes += buffer[..<count]
        }
    }

    /// Writes all of it to a descriptor that blocks.
    package static func write(
        _ bytes: some Collection<UInt8>,
        to descriptor: Int32,
        named name: String
    ) throws(SystemError) {
        let failure: SystemError?? = bytes.withContiguousStorageIfAvailable { writeAll($0, descriptor, name) }
        let error = failure ?? Array(bytes).withUnsafeBufferPointer { writeAll($0, descriptor, name) }
        if let error { throw error }
    }

    private static func writeAll(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ descriptor: Int32,
        _ name: String
    ) -> SystemError? {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                return .last("write \(name)")
            }
            done += count
        }
        return nil
    }
}
