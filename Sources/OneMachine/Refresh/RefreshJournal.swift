// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport

/// How far a change to another Indico has come; on the disk before each step, so that whatever ends it, the next run
/// goes on or back from there.
package struct RefreshJournal: Codable, Hashable, Sendable {
    /// What is done next.
    package enum Phase: String, Codable, Sendable {
        /// Visitors are shown a page, and the database is backed up.
        case pausing
        /// The new environment is put in use, the database brought to it, and the site looked at.
        case switching
        /// Visitors are let in.
        case opening
        /// The old environment and database are brought back.
        case returning
    }

    package var phase: Phase
    /// The environment that was in use, by name.
    package var from: String
    /// The environment that shall be.
    package var to: String
    /// What visitors were shown before all this, when the site was paused already.
    package var pausedFor: String?
    /// The backup of the database from before.
    package var backup: String?
    /// Which tables of which revision there were before.
    package var before: String?
    /// The backup that the database is brought to, on the way back to an older Indico.
    package var restores: String?
    /// Why the new one was given up.
    package var reason: String?

    package init(phase: Phase = .pausing, from: String, to: String) {
        self.phase = phase
        self.from = from
        self.to = to
    }

    /// The one that is under way; nil when none is.
    package static func read(from state: StateDirectory) throws -> RefreshJournal? {
        guard let content = try FileStore.read(state.refreshJournal) else { return nil }
        do {
            return try JSONDecoder().decode(RefreshJournal.self, from: Data(content))
        } catch {
            throw OperatorError(
                "\(state.refreshJournal) cannot be read: \(error)",
                remedy: "It says how far a change of Indico's version has come. Put back its last good version."
            )
        }
    }

    package func write(to state: StateDirectory) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileStore.write(Array(encoder.encode(self)), to: state.refreshJournal, mode: 0o600)
    }

    package static func remove(from state: StateDirectory) throws {
        guard unlink(state.refreshJournal) == 0 || errno == ENOENT else {
            throw SystemError.last("remove \(state.refreshJournal)")
        }
    }
}
