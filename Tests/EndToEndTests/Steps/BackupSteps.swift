// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import OneMachine

/// What is lost comes back, and what an operator pauses stays paused until told otherwise.
extension EndToEndTests {
    /// A backup, a loss, a restore: event and file are back, and no cookie from before is anybody any more.
    func restoreBackup(_ journey: Journey) throws {
        let machine = journey.machine
        let archive = machine.state.root + "/srv/indico/archive"
        try FileStore.write("slides\n", to: archive + "/slides.txt", mode: 0o644)
        let created = try machine.run(["run", "create-backup"])
        journey.note(created)
        guard let line = created.split(separator: "\n").first(where: { $0.hasPrefix("backup: ") }) else {
            throw Failure("no backup was named: \(created)")
        }
        let name = String(line.dropFirst("backup: ".count))

        let count = try database("UPDATE events.events SET is_deleted = true RETURNING id", machine)
        try ensure(!count.isEmpty, "there was no event to lose")
        try FileStore.write("lost\n", to: archive + "/slides.txt", mode: 0o644)
        let lost = try journey.browser.get(journey["event"]).status
        try ensure(lost == 404 || lost == 410, "the lost event answers with \(lost)")

        let unknown = try machine.attempt(["run", "restore-backup", "backup=2001-01-01T00-00-00Z"])
        try ensure(unknown.exit == .exited(code: 1), "a backup that is not there: \(unknown.exit)")
        try damage(name, machine) {
            let damaged = try machine.attempt(["run", "restore-backup", "backup=\(name)"])
            try ensure(damaged.exit == .exited(code: 1), "a damaged backup: \(damaged.exit)")
        }

        let began = ContinuousClock.now
        journey.note(try machine.run(["run", "restore-backup", "backup=\(name)"]))
        journey.note("the restore took \(Journey.seconds(.now - began)) s")
        let user = try journey.browser.get("/api/user/").body
        try ensure(!user.contains("\"id\""), "the cookie from before the restore is \(user)")
        try findEvent(journey)
        try ensure(try FileStore.text(archive + "/slides.txt") == "slides\n", "the file was not restored")
        try logIn(journey)
    }

    /// Flips bytes of a backup's dump for a while.
    private func damage(_ name: String, _ machine: Machine, _ body: () throws -> Void) throws {
        let path = machine.state.root + "/srv/indico/backups/\(name)/database.dump"
        guard let whole = try FileStore.read(path) else { throw Failure("\(path) is not there") }
        var damaged = whole
        damaged[damaged.count / 2] ^= 0xFF
        try FileStore.write(damaged, to: path, mode: 0o644)
        defer { _ = try? FileStore.write(whole, to: path, mode: 0o644) }
        try body()
    }

    /// Asks Indico's database.
    func database(_ statement: String, _ machine: Machine) throws -> String {
        let settings = try Settings.read(from: machine.state)
        guard let port = settings.ports[.postgresql] else { throw Failure("PostgreSQL has no port") }
        let file = machine.state.root + "/srv/indico/etc/database.pgpass"
        let outcome = try SetupCommand(
            "/usr/bin/psql",
            [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", statement,
                "postgresql://indico@127.0.0.1:\(port)/indico?passfile=\(file)",
            ]
        ).run()
        try ensure(outcome.succeeded, outcome.lastLines.joined(separator: "\n"))
        return outcome.standardOutput.split(separator: "\n").joined(separator: "\n")
    }

    func pauseAndResume(_ journey: Journey) throws {
        try journey.machine.run(["run", "pause", "message=back at five"])
        let page = try journey.browser.get("/")
        try ensure(
            page.status == 503 && page.body.contains("back at five"),
            "a paused site answers with \(page.status)"
        )
        let celery = journey.machine.processes().filter { $0.commandLine.contains("celery beat") }
        try ensure(celery.isEmpty, "a paused site's scheduler runs")
        try journey.machine.run(["run", "resume"])
        try findEvent(journey)
    }
}
