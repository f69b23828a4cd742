// SPDX-License-Identifier: Apache-2.0

/// A Python module of the charm's own that lies beside Indico's configuration; its name is the file's.
package enum WorkloadFile: String, CaseIterable, Hashable, Sendable {
    /// What all the others are run by.
    case workload
    case common, schema, sessions, telling, celery, workers, content, users
    case backup
    case backupPlaces = "backup_places"
    case restore
    /// What uWSGI loads, and what Indico does by our hands: its log lines and its mails.
    case application, logging, mail

    package var name: String { "indico_\(rawValue).py" }

    /// What must be done when it changed.
    package var reader: DesiredFile.Reader {
        switch self {
        case .workload, .common, .schema, .celery, .backup, .backupPlaces: .module
        case .sessions, .telling, .workers, .content, .users, .restore: .eachUse
        case .application, .logging, .mail: .application
        }
    }
}
