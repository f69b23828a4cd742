// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI

/// Asks the charm's module in one of the environments, past the charm: which environment is in use is what changes.
package struct WorkloadQuestion: Sendable {
    private let state: StateDirectory
    private let account: Account

    package init(state: StateDirectory, account: Account) {
        self.state = state
        self.account = account
    }

    private var home: String { state.root + "/srv/indico" }
    /// Where backups are kept on this machine.
    private var target: JSONValue { .object(["directory": .string(home + "/backups")]) }

    /// Where a database stands for an environment.
    package struct Database: Hashable, Sendable {
        /// `current`, `behind`, `empty`, or `unknown` when it belongs to another version.
        package var state: String
        /// Which tables they are, of which revisions.
        package var mark: String
        /// The version of Indico in the environment.
        package var version: String
    }

    package func database(_ environment: String) throws -> Database {
        let reply = try ask("db-status", in: environment)
        var parts: [String: JSONValue] = [:]
        for name in ["core", "plugins"] { parts[name] = Self.revisions(reply[name]) }
        parts["identity"] = reply["identity"]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Database(
            state: Self.text(reply["state"]),
            mark: String(decoding: try encoder.encode(JSONValue.object(parts)), as: UTF8.self),
            version: Self.text(reply["version"])
        )
    }

    /// What a database is at, without what the environment would have it be.
    private static func revisions(_ value: JSONValue?) -> JSONValue {
        guard case .object(var part)? = value else { return .null }
        if let current = part["current"] { return current }
        for (name, plugin) in part { part[name] = revisions(plugin) }
        return .object(part)
    }

    /// Has an environment load the application with the configuration in use; nothing is changed by it.
    package func checkConfiguration(_ environment: String) throws { _ = try ask("check-config", in: environment) }

    /// Backs the database up; files stay out of it, as no change of version touches them.
    ///
    /// - Returns: The backup's name.
    package func backUp(_ environment: String) throws -> String {
        let reply = try ask(
            "create-backup",
            ["target": target, "reason": .string("before a refresh"), "keep": .integer(3), "files": .bool(false)],
            in: environment
        )
        return Self.text(reply["name"])
    }

    /// Replaces the database by a backup's.
    package func restore(_ backup: String, _ environment: String) throws {
        _ = try ask("restore-backup", ["target": target, "name": .string(backup)], in: environment)
    }

    private func ask(
        _ verb: String,
        _ request: [String: JSONValue] = [:],
        in environment: String
    ) throws -> [String: JSONValue] {
        let outcome = try SetupCommand(
            environment + "/bin/python",
            [home + "/etc/indico_workload.py", verb],
            environment: [
                "INDICO_CONFIG": home + "/etc/indico.conf", "HOME": home, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": home + "/plugins/site",
            ],
            input: Array(try JSONEncoder().encode(JSONValue.object(request))),
            account: account,
            directory: home
        ).run()
        let answer = try? JSONDecoder().decode(JSONValue.self, from: Data(outcome.standardOutput.utf8))
        guard case .object(let reply)? = answer else {
            throw OperatorError(
                "\(verb) ended with \(outcome.exit) and no reply",
                evidence: Array(outcome.lastLines.suffix(6))
            )
        }
        guard case .bool(true)? = reply["ok"] else { throw OperatorError("\(verb): \(Self.text(reply["message"]))") }
        return reply
    }

    private static func text(_ value: JSONValue?) -> String {
        if case .string(let text)? = value { text } else { "" }
    }
}
