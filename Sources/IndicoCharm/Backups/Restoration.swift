// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// Action `restore-backup`: puts database and files back, and undoes itself when the site does not come up on them.
///
/// Nothing is touched before the backup was found to be whole and usable. The database is replaced in one transaction
/// and the files by renaming; a backup of what was is made before, and brought back when the site does not answer.
struct Restoration {
    let backups: Backups
    /// Leads visitors to the maintenance page and stops what works on the database.
    let stop: () throws -> Void
    /// Brings the workload up as any event would, and says how it is.
    let start: () throws -> Status
    /// Whether the site answers.
    let isServing: () -> Bool
    /// Shows what takes a while.
    let show: (String) throws -> Void

    func run(_ action: Action) throws {
        let name = try action.parameters().string("backup")
        try show("verifying backup \(name)")
        _ = try backups.ask("verify-backup", ["name": .string(name)])
        try show("backing up what is there")
        try stop()
        let before: String
        do {
            before = try keepWhatIs()
            try show("restoring \(name)")
            _ = try backups.ask("restore-backup", ["name": .string(name)])
        } catch let error as ActionError {
            // Database and files are as they were; so shall be the site. Marked, not thrown: what the unit says and
            // remembers of it is to be kept.
            _ = try start()
            return action.fail("\(error)")
        }
        try show("starting Indico on \(name)")
        let status = try start()
        // What does not keep people from the site is no reason to go back: the unit's status names it.
        guard isServing() else { return action.fail(try undo(name, before, status)) }
        try action.setResults(["restored": name, "before": before])
    }

    private func keepWhatIs() throws -> String {
        let reply = try backups.ask("create-backup", ["reason": .string("before a restore"), "keep": .integer(3)])
        guard let name = reply["name"]?.text else {
            throw ActionError.failed("the backup before the restore has no name")
        }
        return name
    }

    private func undo(_ name: String, _ before: String, _ status: Status) throws -> String {
        let problem = "Indico does not come up on \(name) (\(status.message))"
        try show("\(problem): going back to \(before)")
        do {
            try stop()
            _ = try backups.ask("restore-backup", ["name": .string(before)])
        } catch let error as ActionError {
            _ = try start()
            return "\(problem), and \(before), from before, cannot be restored: \(error)"
        }
        let back = try start()
        return "\(problem); \(before), from before, was restored and the site is \(back.kind.rawValue)"
    }
}
