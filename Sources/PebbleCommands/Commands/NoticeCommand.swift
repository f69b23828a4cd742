// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble notice`: one notice at length.
struct NoticeCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "notice", abstract: "Fetch a single notice")

    @Option
    var uid: UInt32?

    @Option
    var format = OutputFormat.text

    @Argument
    var idOrType: String

    @Argument
    var key: String?

    func run(in session: Session) throws {
        let notice: Notice
        if let key {
            let audience = uid.map { NoticeAudience.user($0) } ?? .own
            let type = NoticeType(rawValue: idOrType)
            guard let found = try session.client.notices(types: [type], keys: [key], audience: audience).first else {
                throw CommandFailure("cannot find \(type) notice with key \"\(key)\"")
            }
            notice = found
        } else {
            if uid != nil { throw CommandFailure("cannot use --uid option when looking up notice by key") }
            // Likely a key whose type was left out.
            guard !idOrType.contains("/") else { throw CommandFailure("invalid notice ID \"\(idOrType)\"") }
            notice = try session.client.notice(idOrType)
        }
        if format == .json {
            session.output.text(try StructuredText.of(notice, .json))
            return
        }
        session.output.text(
            try StructuredText.yaml([
                ("id", notice.id), ("user-id", notice.userID), ("type", notice.type), ("key", notice.key),
                ("first-occurred", notice.firstOccurred), ("last-occurred", notice.lastOccurred),
                ("last-repeated", notice.lastRepeated), ("occurrences", notice.occurrences),
                ("last-data", notice.lastData), ("repeat-after", notice.repeatAfter),
                ("expire-after", notice.expireAfter),
            ])
        )
    }
}
