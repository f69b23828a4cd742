// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
public import PebbleAPI
import PebbleClient

extension NoticeType: ExpressibleByArgument {
    /// Takes any type.
    public init?(argument: String) {
        self.init(rawValue: argument)
    }
}

/// `pebble notices`: what happened since the last `pebble okay`.
struct NoticesCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "notices", abstract: "List notices")

    @OptionGroup var time: TimeOptions

    @Option
    var users: String?

    @Option
    var uid: UInt32?

    @Option
    var type: [NoticeType] = []

    @Option
    var key: [String] = []

    @Option
    var timeout: GoDuration?

    @Option
    var format = OutputFormat.text

    func run(in session: Session) throws {
        var audience = NoticeAudience.own
        if let users {
            guard users == "all" else { throw CommandFailure("invalid \"users\" filter: must be \"all\"") }
            guard uid == nil else { throw CommandFailure("cannot use both \"users\" and \"user-id\" parameters") }
            audience = .all
        } else if let uid {
            audience = .user(uid)
        }
        let marks = try session.memory.load()
        let notices = try session.client.notices(
            types: type,
            keys: key,
            after: marks.noticesLastOkayed,
            audience: audience,
            waiting: timeout?.duration
        )
        try show(notices, session)
        if let last = notices.map(\.lastRepeated).max() {
            try session.memory.update { $0.noticesLastListed = last }
        }
    }

    private func show(_ notices: [Notice], _ session: Session) throws {
        if format != .text {
            session.output.text(try StructuredText.of(["notices": notices], format))
            return
        }
        if notices.isEmpty {
            let suffix = timeout.map { " after waiting \($0)" } ?? ""
            session.output.error("No matching notices\(suffix).\n")
            return
        }
        var table = Table(["ID", "User", "Type", "Key", "First", "Repeated", "Occurrences"])
        for notice in notices {
            table.add([
                notice.id, notice.userID.map(String.init) ?? "public", notice.type.rawValue,
                notice.key.count > 32 ? notice.key.prefix(29) + "..." : notice.key,
                time.human.text(notice.firstOccurred), time.human.text(notice.lastRepeated), String(notice.occurrences),
            ])
        }
        session.output.text(table.text)
    }
}
