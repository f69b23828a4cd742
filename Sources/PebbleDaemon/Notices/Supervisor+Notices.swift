// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI
import PebblePlan

/// Which notices somebody wants to see.
struct NoticeFilter: Sendable {
    /// Whose notices, beside the public ones; nil is everybody's.
    var userID: UInt32?
    var types: [String] = []
    var keys: [String] = []
    var after: Timestamp?

    func takes(_ notice: Notice) -> Bool {
        if let userID, let owner = notice.userID, owner != userID { return false }
        if !types.isEmpty, !types.contains(notice.type.rawValue) { return false }
        if !keys.isEmpty, !keys.contains(notice.key) { return false }
        if let after, notice.lastRepeated <= after { return false }
        return true
    }
}

extension Supervisor {
    static var knownNoticeTypes: [String] { ["change-update", "custom", "warning"] }

    /// Records an occurrence; returns the id of the notice it counts to.
    @discardableResult
    func recordNotice(
        userID: UInt32?,
        type: NoticeType,
        key: String,
        data: [String: String]? = nil,
        repeatAfter: Duration? = nil
    ) -> String {
        let now = noticeTime()
        let index = document.notices.firstIndex { $0.userID == userID && $0.type == type && $0.key == key }
        var repeats = true
        var notice: Notice
        if let index {
            notice = document.notices[index]
            notice.occurrences += 1
            notice.lastOccurred = now
            if let repeatAfter, repeatAfter > .zero, now - notice.lastRepeated < repeatAfter { repeats = false }
            if repeats { notice.lastRepeated = now }
        } else {
            document.lastNoticeID += 1
            notice = Notice(
                id: String(document.lastNoticeID),
                userID: userID,
                type: type,
                key: key,
                firstOccurred: now,
                lastOccurred: now,
                lastRepeated: now,
                expireAfter: GoDuration(.seconds(7 * 86_400))
            )
        }
        notice.lastData = data?.isEmpty == false ? data : nil
        notice.repeatAfter = repeatAfter.flatMap { $0 > .zero ? GoDuration($0) : nil }
        if let index { document.notices[index] = notice } else { document.notices.append(notice) }
        save(.notice(notice))
        if repeats { wakeNoticeWaiters() }
        return notice.id
    }

    /// Times of notices differ, so that `after` the last one seen misses none.
    private func noticeTime() -> Timestamp {
        let next = lastNoticeTime + .nanoseconds(1)
        lastNoticeTime = max(now, next)
        return lastNoticeTime
    }

    func recordChangeUpdate(_ change: Change) {
        var data = ["kind": change.kind]
        if change.kind == "perform-check" || change.kind == "recover-check" {
            data["check-name"] = change.subjects.first
        }
        recordNotice(userID: nil, type: .changeUpdate, key: change.id, data: data)
    }

    /// The notices a filter takes, the one repeated longest ago first.
    func notices(_ filter: NoticeFilter) -> [Notice] {
        let now = now
        return document.notices
            .filter { filter.takes($0) && now - $0.lastOccurred <= ($0.expireAfter?.duration ?? .seconds(7 * 86_400)) }
            .sorted { $0.lastRepeated < $1.lastRepeated }
    }

    /// Waits until there is a notice that a filter takes, or the time is up.
    func waitForNotices(_ filter: NoticeFilter, timeout: Duration) async -> [Notice] {
        let deadline = ContinuousClock.now + timeout.countable
        while true {
            let found = notices(filter)
            let left = deadline - ContinuousClock.now
            if !found.isEmpty || left <= .zero || Task.isCancelled { return found }
            await wait(timeout: left) { continuation, number in
                noticeWaiters[number] = continuation
            } remove: { supervisor, number in
                supervisor.noticeWaiters.removeValue(forKey: number)
            }
        }
    }

    private func wakeNoticeWaiters() {
        let waiters = noticeWaiters.values
        noticeWaiters = [:]
        for waiter in waiters { waiter.resume() }
    }
}

/// What a client may record.
enum NoticeRules {
    static func check(_ request: NoticeRequest) throws(DaemonError) -> (data: [String: String], repeatAfter: Duration?)
    {
        guard request.action == "add" else { throw DaemonError(.invalid, "invalid action \"\(request.action)\"") }
        guard request.type == NoticeType.custom.rawValue else {
            throw DaemonError(.invalid, "invalid type \"\(request.type)\" (can only add \"custom\" notices)")
        }
        guard request.key.utf8.count <= 256 else { throw DaemonError(.invalid, "key must be 256 bytes or less") }
        guard isKey(request.key) else {
            throw DaemonError(.invalid, "invalid key \"\(request.key)\" (must be in \"example.com/path\" format)")
        }
        var repeatAfter: Duration?
        if let text = request.repeatAfter, !text.isEmpty {
            do throws(GoDurationError) {
                repeatAfter = try GoDuration(parsing: text).duration
            } catch {
                throw DaemonError(.invalid, "invalid repeat-after: \(error)")
            }
        }
        return (try data(request.data), repeatAfter)
    }

    private static func data(_ value: JSONValue?) throws(DaemonError) -> [String: String] {
        guard let value, value != .null else { return [:] }
        guard case .object(let object) = value else {
            throw DaemonError(.invalid, "cannot decode notice data: json: cannot unmarshal into map[string]string")
        }
        var data: [String: String] = [:]
        for (key, value) in object {
            guard let text = value.stringValue else {
                let reason = "json: cannot unmarshal \(value.word) into Go struct field .\(key) of type string"
                throw DaemonError(.invalid, "cannot decode notice data: \(reason)")
            }
            data[key] = text
        }
        let size = (try? WireJSON.bytes(of: data).count) ?? .max
        guard size <= 4096 else { throw DaemonError(.invalid, "total size of data must be 4096 bytes or less") }
        return data
    }

    /// `example.com/path`: lower-case words and digits with single hyphens, a dot in the domain, a path.
    static func isKey(_ key: String) -> Bool {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2 else { return false }
        let domain = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        return domain.count >= 2 && (domain + parts.dropFirst()).allSatisfy(isWord)
    }

    private static func isWord(_ word: Substring) -> Bool {
        let pieces = word.split(separator: "-", omittingEmptySubsequences: false)
        return pieces.allSatisfy { piece in
            !piece.isEmpty && piece.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
        }
    }
}

extension JSONValue {
    /// What JSON calls it.
    var word: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
