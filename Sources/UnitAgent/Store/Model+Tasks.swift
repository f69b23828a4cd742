// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A run of an action.
struct TaskState: Sendable, Equatable {
    /// The states of a task.
    ///
    /// Raw values are Juju's words and what is on disk.
    enum Status: String, Sendable {
        case pending, running, completed, failed, aborted
    }

    let id: Int
    let name: String
    let parameters: JSONValue
    var status: Status
    var message: String
    var results: [String: String]
}

extension Model {
    func addTask(name: String, parameters: JSONValue) throws -> Int {
        try connection.run(
            "INSERT INTO task (name, parameters, status) VALUES (?, ?, 'pending')",
            .text(name),
            .text(try AgentJSON.text(parameters))
        )
        return connection.lastInsertedNumber
    }

    func task(_ id: Int) throws -> TaskState? {
        try connection.row(
            "SELECT id, name, parameters, status, message, results FROM task WHERE id = ?",
            .integer(id)
        ).map {
            TaskState(
                id: $0.number(0),
                name: $0.text(1),
                parameters: try AgentJSON.decode(from: $0.text(2)),
                status: TaskState.Status(rawValue: $0.text(3)) ?? .failed,
                message: $0.text(4),
                results: try AgentJSON.decode(from: $0.text(5))
            )
        }
    }

    /// The oldest pending task.
    func nextTask() throws -> (id: Int, name: String)? {
        try connection.row("SELECT id, name FROM task WHERE status = 'pending' ORDER BY id LIMIT 1").map {
            ($0.number(0), $0.text(1))
        }
    }

    /// Sets the state of a task; one that has ended forgets its parameters, which may hold a password.
    func setTask(_ id: Int, status: TaskState.Status, message: String = "", results: [String: String] = [:]) throws {
        if status != .pending, status != .running {
            try connection.run("UPDATE task SET parameters = '{}' WHERE id = ?", .integer(id))
            connection.holdsForgottenSecrets = true
        }
        try connection.run(
            "UPDATE task SET status = ?, message = ?, results = ? WHERE id = ?",
            .text(status.rawValue),
            .text(message),
            .text(try AgentJSON.text(results)),
            .integer(id)
        )
    }

    func logTask(_ id: Int, _ line: String) throws {
        try connection.run("INSERT INTO task_log VALUES (?, ?)", .integer(id), .text(line))
    }

    func taskLog(_ id: Int, from first: Int) throws -> [String] {
        try connection.rows(
            "SELECT line FROM task_log WHERE task = ? ORDER BY rowid LIMIT -1 OFFSET ?",
            .integer(id),
            .integer(first)
        ).map { $0.text(0) }
    }

    /// Forgets all but the newest finished tasks.
    func pruneTasks(keeping count: Int) throws {
        try connection.run(
            """
            DELETE FROM task WHERE status NOT IN ('pending', 'running')
            AND id <= (SELECT coalesce(max(id), 0) FROM task) - ?
            """,
            .integer(count)
        )
    }
}
