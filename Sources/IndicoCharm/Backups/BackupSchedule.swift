// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import PebbleAPI
import PebblePlan

/// When backups are made by themselves, each day.
package struct BackupSchedule: Hashable, Sendable {
    /// The hour in UTC.
    package var hour: Int
    package var minute: Int
    /// How many of these backups are kept.
    package var keep: Int

    package static let usualKeep = 14

    /// Reads a time of day as `HH:MM`; nil when it is none.
    package init?(_ text: String, keep: Int) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(Self.isDigit) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        (self.hour, self.minute, self.keep) = (hour, minute, keep)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

extension CharmOptions {
    /// Reads the options about backups.
    mutating func readBackups(_ reader: inout OptionReader) {
        let keep = reader.integer("backup_keep", 1...365) ?? BackupSchedule.usualKeep
        guard let text = reader.text("backup_schedule") else { return }
        backupSchedule = BackupSchedule(text, keep: keep)
        if backupSchedule == nil { reader.complain("backup_schedule", "must be a time of day in UTC, such as 03:00") }
    }
}

/// The service that makes backups by the clock, on the unit that runs Celery.
enum BackupTimer {
    static let name = "backup-timer"

    /// What keeps a schedule from being followed; nil when nothing does.
    static func problem(_ schedule: BackupSchedule?, _ place: RelationReading<BackupPlace>) -> String? {
        guard schedule != nil else { return nil }
        switch place {
        case .ready: return nil
        case .absent: return "backup_schedule needs a place for backups: \(BackupPlaceSearch.remedy)"
        case .waiting(let what): return "backup_schedule needs a place for backups: waiting for \(what)"
        case .invalid(let reason): return "backup_schedule needs a place for backups: \(reason)"
        }
    }

    /// What the service reads; it holds the bucket's keys.
    static func settings(_ schedule: BackupSchedule?, _ place: BackupPlace?, layout: WorkloadLayout) -> String {
        var values: [String: JSONValue] = ["hour": .null]
        if let schedule, let place {
            values = [
                "hour": .integer(Int64(schedule.hour)), "minute": .integer(Int64(schedule.minute)),
                "outcome": .string(layout.backupOutcome),
                "request": .object([
                    "target": place.request, "reason": .string("by the clock"), "keep": .integer(Int64(schedule.keep)),
                ]),
            ]
        }
        // Plain texts and numbers are always JSON.
        guard let text = try? WireJSON.text(of: JSONValue.object(values)) else { return "{\"hour\":null}\n" }
        return text + "\n"
    }

    static func service(layout: WorkloadLayout, builder: ServiceBuilder) -> Service {
        var service = builder.service(
            name,
            summary: "backups by the clock",
            [layout.python, layout.workloadModule, name, layout.backupSettings]
        )
        service.environment = IndicoLayer.environment(layout)
        // It ends by itself when there is no schedule any more.
        service.onSuccess = .ignore
        return service
    }

    /// Fails when the last backup did, or is overdue.
    static func check(layout: WorkloadLayout, builder: ServiceBuilder) -> Check {
        var check = Check(name: name, override: .replace)
        check.period = .seconds(600)
        check.timeout = .seconds(60)
        check.threshold = 1
        check.exec = builder.exec([layout.python, layout.workloadModule, "backup-check"], layout: layout)
        return check
    }
}
