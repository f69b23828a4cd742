// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble changes`: what the daemon was asked to do.
struct ChangesCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "changes", abstract: "List system changes")

    @OptionGroup var time: TimeOptions

    @Option
    var format = OutputFormat.text

    @Argument
    var service: String?

    func run(in session: Session) throws {
        if let service, Int(service) != nil {
            throw CommandFailure("'pebble changes' command expects a service name, try 'pebble tasks \(service)'")
        }
        let changes = try session.client.changes(.all, service: service).sorted { left, right in
            (left.spawnTime, Int(left.id) ?? 0) < (right.spawnTime, Int(right.id) ?? 0)
        }
        if format != .text {
            session.output.text(try StructuredText.of(["changes": changes], format))
            return
        }
        if changes.isEmpty {
            session.output.error("no changes found\n")
            return
        }
        var table = Table(["ID", "Status", "Spawn", "Ready", "Summary"])
        for change in changes {
            table.add([
                change.id, change.status.rawValue, time.human.text(change.spawnTime), time.human.text(change.readyTime),
                change.summary,
            ])
        }
        session.output.text(table.text + "\n")
    }
}
