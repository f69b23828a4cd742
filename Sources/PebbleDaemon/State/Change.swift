// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// Something the daemon was asked to do, as it is kept: its tasks are kept beside it.
struct Change: Codable, Equatable, Sendable {
    var id: String
    var kind: String
    var summary: String
    var taskIDs: [String]
    var spawnTime: Timestamp
    var readyTime: Timestamp?
    var data: [String: JSONValue]?
    /// The services and checks it is about; a change can be looked for by them.
    var subjects: [String]

    enum CodingKeys: String, CodingKey {
        case id
        case kind
        case summary
        case taskIDs = "task-ids"
        case spawnTime = "spawn-time"
        case readyTime = "ready-time"
        case data
        case subjects
    }
}

/// One step of a change.
struct ChangeTask: Codable, Equatable, Sendable {
    var id: String
    var change: String
    var kind: String
    var summary: String
    var status: ChangeStatus
    var log: [String]
    var spawnTime: Timestamp
    var readyTime: Timestamp?
    var data: [String: JSONValue]?
    /// What it is done to: the name of a service or check.
    var subject: String
    /// Tasks of one lane are done one after the other; lanes go on side by side.
    var lane: Int
    /// All lanes of a stage end before one of the next begins.
    var stage: Int

    enum CodingKeys: String, CodingKey {
        case id
        case change
        case kind
        case summary
        case status
        case log
        case spawnTime = "spawn-time"
        case readyTime = "ready-time"
        case data
        case subject
        case lane
        case stage
    }

    var info: TaskInfo {
        TaskInfo(
            id: id,
            kind: kind,
            summary: summary,
            status: status,
            log: log,
            spawnTime: spawnTime,
            readyTime: readyTime,
            data: data
        )
    }
}

/// What a change derives from its tasks.
enum ChangeRules {
    /// The first of these that any task has is the status of the change.
    private static let precedence: [ChangeStatus] = [
        .abort, .undoing, .undo, .doing, .toDo, .wait, .error, .undone, .done, .hold,
    ]

    /// The status of a change with these tasks; one with nothing to do is done.
    static func status(of tasks: [ChangeTask]) -> ChangeStatus {
        let present = Set(tasks.map(\.status))
        return precedence.first(where: present.contains) ?? .done
    }

    /// What clients are told went wrong, with a line for each error in the log of a failed task.
    static func error(of tasks: [ChangeTask]) -> String? {
        let lines = tasks.filter { $0.status == .error }.flatMap { task in
            task.log.compactMap { line -> String? in
                let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
                guard parts.count == 3, parts[1] == "ERROR" else { return nil }
                return "- \(task.summary) (\(parts[2]))"
            }
        }
        guard !lines.isEmpty else { return nil }
        return "cannot perform the following tasks:\n" + lines.joined(separator: "\n")
    }

    /// The wire form of a change.
    static func info(of change: Change, tasks: [ChangeTask]) -> ChangeInfo {
        let status = status(of: tasks)
        return ChangeInfo(
            id: change.id,
            kind: change.kind,
            summary: change.summary,
            status: status,
            tasks: tasks.map(\.info),
            ready: status.isReady,
            error: status.isReady ? error(of: tasks) : nil,
            spawnTime: change.spawnTime,
            readyTime: change.readyTime,
            data: change.data
        )
    }

    /// The words for a change over several services.
    static func summary(_ verb: String, _ names: [String]) -> String {
        guard let first = names.first else { return "\(verb) - no services" }
        let base = "\(verb) service \"\(first)\""
        return names.count > 1 ? "\(base) and \(names.count - 1) more" : base
    }
}
