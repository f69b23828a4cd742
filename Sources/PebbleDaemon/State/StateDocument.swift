// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A process that runs for a service, or a command, as it is remembered for a daemon that comes after a crash.
struct ProcessRecord: Codable, Equatable, Sendable {
    /// What it was started as.
    enum Kind: String, Codable, Sendable {
        case service
        /// For a client of exec or a check; the kernel kills it with the daemon, but not what it has started itself.
        case command
    }

    /// Nil in what a version before this one left: a service.
    var kind: Kind?
    /// The name of the service, or what the command is for.
    var service: String
    var pid: Int32
    /// Clock ticks after boot: tells the process from a later one of the same number.
    var startTime: UInt64
    /// The boot in which both numbers mean something.
    var bootID: String
    /// How long it is given between SIGTERM and SIGKILL.
    var killDelay: GoDuration

    /// What it is found by: commands are many, and no service's name begins with a hyphen.
    var key: String { kind == .command ? Self.key(ofCommand: pid) : service }

    static func key(ofCommand pid: Int32) -> String { "-\(pid)" }

    enum CodingKeys: String, CodingKey {
        case kind
        case service
        case pid
        case startTime = "start-time"
        case bootID = "boot-id"
        case killDelay = "kill-delay"
    }
}

/// One addition to the document, as a line of the journal holds it.
enum StateRecord: Codable, Equatable, Sendable {
    case change(Change)
    case task(ChangeTask)
    case notice(Notice)
    case identities([String: IdentityInfo])
    case process(ProcessRecord)
    /// The process of a service, or by its key that of a command, is gone.
    case processGone(service: String)
}

/// Everything that outlives the daemon.
struct StateDocument: Codable, Equatable, Sendable {
    var changes: [String: Change] = [:]
    var tasks: [String: ChangeTask] = [:]
    var notices: [Notice] = []
    var identities: [String: IdentityInfo] = [:]
    var processes: [String: ProcessRecord] = [:]
    var lastChangeID = 0
    var lastTaskID = 0
    var lastNoticeID = 0
    /// The first journal that is not in this document.
    var journal = 0

    enum CodingKeys: String, CodingKey {
        case changes
        case tasks
        case notices
        case identities
        case processes
        case lastChangeID = "last-change-id"
        case lastTaskID = "last-task-id"
        case lastNoticeID = "last-notice-id"
        case journal
    }

    /// Takes a line of the journal in; a later one about the same thing replaces the earlier.
    mutating func apply(_ record: StateRecord) {
        switch record {
        case .change(let change):
            changes[change.id] = change
            lastChangeID = max(lastChangeID, Int(change.id) ?? 0)
        case .task(let task):
            tasks[task.id] = task
            lastTaskID = max(lastTaskID, Int(task.id) ?? 0)
        case .notice(let notice):
            if let index = notices.firstIndex(where: { $0.id == notice.id }) {
                notices[index] = notice
            } else {
                notices.append(notice)
            }
            lastNoticeID = max(lastNoticeID, Int(notice.id) ?? 0)
        case .identities(let all):
            identities = all
        case .process(let process):
            processes[process.key] = process
        case .processGone(let service):
            processes[service] = nil
        }
    }

    /// Ends what a daemon before this one left unfinished: nobody works on it any more.
    mutating func settle(now: Timestamp) {
        for (id, task) in tasks where !task.status.isReady {
            var settled = task
            switch task.kind {
            case "exec":
                settled.status = .done
            case "perform-check", "recover-check":
                settled.status = .hold
            default:
                settled.status = .error
                let line = "\(now.text(fractionDigits: 0)) ERROR service already started, not retrying"
                settled.log.append(line)
            }
            settled.readyTime = now
            tasks[id] = settled
        }
        for (id, change) in changes where change.readyTime == nil {
            changes[id]?.readyTime = now
        }
    }

    /// Whether a change has been under way for so long that nobody can still be waiting for it.
    func isForgotten(_ change: Change, now: Timestamp, limits: StateLimits = StateLimits()) -> Bool {
        let isCheck = change.kind == "perform-check" || change.kind == "recover-check"
        return !isCheck && change.readyTime == nil && now - change.spawnTime > limits.openChangeAge
    }

    /// Forgets what is too old or too much: see ``StateLimits``.
    mutating func prune(now: Timestamp, limits: StateLimits = StateLimits()) {
        let ready = changes.values.filter { $0.readyTime != nil }.sorted { left, right in
            (left.readyTime ?? now, left.id) < (right.readyTime ?? now, right.id)
        }
        let excess = max(0, ready.count - limits.readyChanges)
        for (index, change) in ready.enumerated() {
            guard let readyTime = change.readyTime else { continue }
            if index < excess || now - readyTime > limits.readyChangeAge {
                for task in change.taskIDs { tasks[task] = nil }
                changes[change.id] = nil
            }
        }
        notices.removeAll { notice in
            now - notice.lastOccurred > (notice.expireAfter?.duration ?? limits.noticeAge)
        }
        if notices.count > limits.notices {
            notices.sort { $0.lastRepeated < $1.lastRepeated }
            notices.removeFirst(notices.count - limits.notices)
        }
    }
}

/// How much history is kept.
struct StateLimits: Sendable {
    var readyChanges = 1000
    var readyChangeAge = Duration.seconds(7 * 86_400)
    var openChangeAge = Duration.seconds(14 * 86_400)
    var notices = 1000
    var noticeAge = Duration.seconds(7 * 86_400)
    /// For how long, and of how many services that do not run, it is remembered that they did, and what they wrote.
    var inactiveServiceAge = Duration.seconds(7 * 86_400)
    var inactiveServices = 100
    /// How often is looked for what is too old or too much.
    var interval = Duration.seconds(600)

    /// Which services, given for how long each has not been running, are to be forgotten.
    func forgotten(_ inactive: [String: Duration]) -> [String] {
        let byAge = inactive.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let excess = max(0, byAge.count - inactiveServices)
        return byAge.enumerated().filter { $0.offset < excess || $0.element.value > inactiveServiceAge }.map(
            \.element.key
        )
    }
}
