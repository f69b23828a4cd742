// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

@testable import UnitAgent

/// A socket that answers like a Pebble with nothing to tell: enough for the agent's own client.
final class FakePebble: Sendable {
    private let listener: LocalListener

    init(_ path: String) throws {
        try makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        listener = try LocalListener(path: path)
        let listener = listener
        try startThread(named: "fake-pebble") {
            while let descriptor = (try? listener.accept()) ?? nil {
                Self.answer(LocalConnection(descriptor: descriptor))
            }
        }
    }

    func stop() { listener.stop() }

    private static func answer(_ connection: borrowing LocalConnection) {
        guard let request = try? connection.readSome() else { return }
        let isInfo = String(decoding: request, as: UTF8.self).contains("/v1/system-info")
        let result = isInfo ? #"{"boot-id":"one","version":"1"}"# : "[]"
        let body = #"{"type":"sync","status-code":200,"status":"OK","result":\#(result)}"#
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        try? connection.write(Array((head + "Connection: close\r\n\r\n" + body).utf8))
    }
}
