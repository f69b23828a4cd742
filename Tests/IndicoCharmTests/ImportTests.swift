// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

/// What makes a backup of another installation's dump refuses what is none, and leaves nothing behind.
///
/// The way from a real dump to a restored site is in the end-to-end test, by `docs/how-to/migrate.md`.
@Suite struct ImportTests {
    private let runner: CommandRunner
    private let place: URL

    init() throws {
        runner = CommandRunner(reaper: try ProcessReaper())
        place = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            atPath: place.appending(path: "backups").path,
            withIntermediateDirectories: true
        )
    }

    private func bring(_ dump: String) async throws -> CommandResult {
        let program = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../charm/workload/indico_import.py").path
        return try await runner.run(
            Command(
                "/usr/bin/python3",
                [program, "--dump", dump, "--to", "\(place.path)/backups"],
                environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"],
                timeout: .seconds(60)
            )
        )
    }

    @Test func `what is no dump of an Indico is refused, and no backup is begun`() async throws {
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let plain = "\(place.path)/plain.sql"
        try Data("CREATE TABLE users (id int);\n".utf8).write(to: URL(filePath: plain))
        for dump in [plain, "\(place.path)/nothing"] {
            let reply = try await bring(dump)
            #expect(!reply.isSuccess)
            #expect(reply.errorText.hasPrefix("indico_import: pg_restore cannot read \(dump)"), "\(reply.errorText)")
            #expect(reply.errorText.contains("--format=custom"))
            #expect(!reply.errorText.contains("Traceback"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/backups").isEmpty)
    }

    @Test func `a place that is not there is refused`() async throws {
        try FileManager.default.removeItem(atPath: place.path)
        let reply = try await bring("dump")
        #expect(!reply.isSuccess)
        #expect(!reply.errorText.contains("Traceback"), "\(reply.errorText)")
    }
}
