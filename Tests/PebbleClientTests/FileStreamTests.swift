// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleClient
import Testing

@Suite struct FileStreamTests {
    private struct Enough: Error {}

    @Test func `a file goes there and back piece by piece`() async throws {
        try await withDaemon(layer: "{}") { client, directory in
            let path = directory + "/big \"file\""
            let piece = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var sent = 0
            try client.writeFile(path, permissions: 0o600) {
                sent += 1
                return sent > 20 ? nil : piece
            }
            var size = 0
            var isSame = true
            try client.readFile(path) { bytes in
                for byte in bytes {
                    isSame = isSame && byte == piece[size % piece.count]
                    size += 1
                }
            }
            #expect(size == 20 << 20)
            #expect(isSame)
        }
    }

    @Test func `what goes wrong on the way leaves the file as it was, and is thrown`() async throws {
        try await withDaemon(layer: "{}") { client, directory in
            let path = directory + "/file"
            try client.writeFile(path, Array("old".utf8))
            var sent = 0
            #expect(throws: Enough.self) {
                try client.writeFile(path) {
                    sent += 1
                    if sent == 3 { throw Enough() }
                    return [UInt8](repeating: 1, count: 100_000)
                }
            }
            #expect(try client.readFile(path) == Array("old".utf8))
            #expect(throws: Enough.self) { try client.readFile(path) { _ in throw Enough() } }
            let missing = #expect(throws: PebbleClientError.self) { try client.readFile(directory + "/none") { _ in } }
            #expect(missing?.isNotFound == true)
            let refused = #expect(throws: PebbleClientError.self) {
                try client.writeFile(directory + "/none/file") { nil }
            }
            #expect(refused?.isNotFound == true)
        }
    }
}
