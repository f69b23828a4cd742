// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What a real Celery published: see `contracts/celery/README.md`.
enum RecordedEvents {
    struct Message: Decodable, Sendable {
        let channel: String
        let payload: String
    }

    /// The messages in their order.
    static func messages() throws -> [Message] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try Data(contentsOf: root.appending(path: "contracts/celery/events.jsonl"))
        return try file.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Message.self, from: $0) }
    }
}
