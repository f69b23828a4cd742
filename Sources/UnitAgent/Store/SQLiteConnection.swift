// SPDX-License-Identifier: Apache-2.0
import CSQLite

/// Why the model could not be read or written.
struct StoreError: Error, CustomStringConvertible, Equatable {
    /// SQLite's extended result code.
    let code: Int32
    let message: String

    var description: String { "cannot use the model store: \(message)" }
}

/// A value of a column or of a parameter.
enum SQLiteValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)

    static func integer(_ value: Int) -> SQLiteValue { .integer(Int64(value)) }
    static func flag(_ value: Bool) -> SQLiteValue { .integer(value ? 1 : 0) }
    static func optional(_ value: String?) -> SQLiteValue { value.map(SQLiteValue.text) ?? .null }
    static func optional(_ value: Int64?) -> SQLiteValue { value.map(SQLiteValue.integer) ?? .null }
}

/// A row of a result: columns by position, read as the type the schema gives them.
struct SQLiteRow: Sendable {
    let values: [SQLiteValue]

    func text(_ column: Int) -> String {
        switch values[column] {
        case .text(let value): value
        case .integer(let value): String(value)
        case .null: ""
        }
    }

    func optionalText(_ column: Int) -> String? { values[column] == .null ? nil : text(column) }

    func integer(_ column: Int) -> Int64 {
        if case .integer(let value) = values[column] { value } else { 0 }
    }

    func optionalInteger(_ column: Int) -> Int64? { values[column] == .null ? nil : integer(column) }

    func number(_ column: Int) -> Int { Int(integer(column)) }

    func flag(_ column: Int) -> Bool { integer(column) != 0 }
}

/// A connection to an SQLite file, for one thread at a time: statements are prepared once and kept.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    /// Told of each statement run for its effect.
    var observer: StoreObserver?
    /// Whether something was deleted that must not be readable in the files any more.
    var holdsForgottenSecrets = false

    /// SQLite copies the bytes of a bound text when told this; the constant itself is a C cast Swift cannot import.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// Opens or makes the file at `path`, so that a committed transaction survives a loss of power.
    init(path: String) throws(StoreError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
        let result = sqlite3_open_v2(path, &opened, flags, nil)
        guard result == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close(opened)
            throw StoreError(code: result, message: "\(path): \(message)")
        }
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 10_000)
        _ = try rows("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        try run("PRAGMA foreign_keys = ON")
        // What is deleted is overwritten: former passwords do not linger in free pages.
        _ = try rows("PRAGMA secure_delete = ON")
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close(handle)
    }

    /// Runs statements without parameters, as a schema has them.
    func script(_ sql: String) throws(StoreError) {
        observer?(sql, false)
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
        observer?(sql, true)
    }

    /// Runs a statement for its effect.
    func run(_ sql: String, _ parameters: SQLiteValue...) throws(StoreError) {
        observer?(sql, false)
        _ = try execute(sql, parameters)
        observer?(sql, true)
    }

    /// Runs a statement for its rows.
    func rows(_ sql: String, _ parameters: SQLiteValue...) throws(StoreError) -> [SQLiteRow] {
        try execute(sql, parameters)
    }

    /// Runs a statement for its first row.
    func row(_ sql: String, _ parameters: SQLiteValue...) throws(StoreError) -> SQLiteRow? {
        try execute(sql, parameters).first
    }

    /// The number SQLite gave the last inserted row.
    var lastInsertedNumber: Int { Int(sqlite3_last_insert_rowid(handle)) }

    /// How many rows the last statement changed.
    var changedRows: Int { Int(sqlite3_changes(handle)) }

    private func execute(_ sql: String, _ parameters: [SQLiteValue]) throws(StoreError) -> [SQLiteRow] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in parameters.enumerated() {
            let position = Int32(index + 1)
            let result =
                switch value {
                case .null: sqlite3_bind_null(statement, position)
                case .integer(let number): sqlite3_bind_int64(statement, position, number)
                case .text(let text): sqlite3_bind_text(statement, position, text, Int32(text.utf8.count), Self.copied)
                }
            guard result == SQLITE_OK else { throw failure(sql) }
        }
        var rows: [SQLiteRow] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: rows.append(row(of: statement))
            case SQLITE_DONE: return rows
            default: throw failure(sql)
            }
        }
    }

    private func prepare(_ sql: String) throws(StoreError) -> OpaquePointer {
        if let known = statements[sql] { return known }
        var prepared: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else { throw failure(sql) }
        statements[sql] = prepared
        return prepared
    }

    private func row(of statement: OpaquePointer) -> SQLiteRow {
        SQLiteRow(
            values: (0..<sqlite3_column_count(statement)).map { column in
                switch sqlite3_column_type(statement, column) {
                case SQLITE_NULL: .null
                case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
                default:
                    // By length, not up to the first NUL: a databag may hold one.
                    .text(
                        String(
                            decoding: UnsafeBufferPointer(
                                start: sqlite3_column_text(statement, column),
                                count: Int(sqlite3_column_bytes(statement, column))
                            ),
                            as: UTF8.self
                        )
                    )
                }
            }
        )
    }

    private func failure(_ sql: String) -> StoreError {
        let words = sql.split(whereSeparator: \.isWhitespace).prefix(4).joined(separator: " ")
        return StoreError(
            code: sqlite3_extended_errcode(handle),
            message: "\(words) …: \(String(cString: sqlite3_errmsg(handle)))"
        )
    }
}
