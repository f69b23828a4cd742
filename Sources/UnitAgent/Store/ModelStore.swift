// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The model in an SQLite file: every change is one transaction, so a crash leaves the state before it or after it.
///
/// `@unchecked Sendable` holds because the connection is touched only with `lock` held.
final class ModelStore: @unchecked Sendable {
    private let lock = Mutex(())
    private let connection: SQLiteConnection

    /// Opens or makes the store at `path`, readable by its owner only.
    init(path: String, observer: StoreObserver? = nil) throws(StoreError) {
        // Made before SQLite opens it: its journal files take the mode of the main file.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(code: errno, message: "\(path): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        connection = try SQLiteConnection(path: path)
        connection.observer = observer
        let found = try connection.row("PRAGMA user_version")?.number(0) ?? 0
        switch found {
        case Schema.version: break
        case 0:
            try connection.script("BEGIN IMMEDIATE; \(Schema.script); PRAGMA user_version = \(Schema.version); COMMIT")
        default:
            throw StoreError(
                code: 0,
                message:
                    "\(path) is of version \(found), this agent knows \(Schema.version); use the agent that made it"
            )
        }
    }

    /// Reads a consistent picture.
    func read<Value: Sendable>(_ body: (Model) throws -> Value) throws -> Value {
        try lock.withLock { _ in try body(Model(connection: connection)) }
    }

    /// Looks at the model as it would be: whatever the body changes is taken back.
    func rehearse<Value: Sendable>(_ body: (Model) throws -> Value) throws -> Value {
        try lock.withLock { _ in
            try connection.run("BEGIN IMMEDIATE")
            let result = Result { try body(Model(connection: connection)) }
            try connection.run("ROLLBACK")
            connection.holdsForgottenSecrets = false
            return try result.get()
        }
    }

    /// Changes the model, wholly or, when the body throws, not at all.
    func write<Value: Sendable>(_ body: (Model) throws -> Value) throws -> Value {
        try lock.withLock { _ in
            try connection.run("BEGIN IMMEDIATE")
            do {
                let value = try body(Model(connection: connection))
                try connection.run("COMMIT")
                forgetSecrets()
                return value
            } catch {
                // SQLite rolls some failures back itself (a full disk); then there is nothing left to roll back.
                try? connection.run("ROLLBACK")
                connection.holdsForgottenSecrets = false
                throw error
            }
        }
    }

    /// Empties the write-ahead log, in which what was deleted would stay for a while.
    private func forgetSecrets() {
        guard connection.holdsForgottenSecrets else { return }
        // Committed all the same when it fails: then the next change tries again.
        guard (try? connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")) != nil else { return }
        connection.holdsForgottenSecrets = false
    }
}

/// Sees each statement that changes something, before it runs and after: where a test has the process die.
typealias StoreObserver = @Sendable (_ statement: String, _ isDone: Bool) -> Void

/// The model inside one transaction.
///
/// Its subjects are in the extensions: one file per subject.
struct Model {
    let connection: SQLiteConnection
}
