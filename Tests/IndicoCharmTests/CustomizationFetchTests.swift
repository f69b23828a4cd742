// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing

/// The module fetches a customization with the real Git.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/git"), "there is no Git here"))
struct CustomizationFetchTests {
    private let runner: CommandRunner
    private let place: URL

    init() throws {
        runner = CommandRunner(reaper: try ProcessReaper())
        place = FileManager.default.temporaryDirectory.appending(path: "customization-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        let settings = "CUSTOMIZATION_DIR = '\(place.path)/custom'\n"
        try Data(settings.utf8).write(to: place.appending(path: "indico.conf"))
    }

    private func run(_ executable: String, _ arguments: [String], input: String = "") async throws -> CommandResult {
        let environment = [
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": place.path,
            "INDICO_CONFIG": "\(place.path)/indico.conf",
        ]
        return try await runner.run(
            Command(executable, arguments, environment: environment, input: Array(input.utf8), timeout: .seconds(60))
        )
    }

    /// Makes a repository with one style sheet.
    private func repository() async throws -> String {
        let made = try await run(
            "/bin/sh",
            [
                "-ec",
                """
                mkdir -p "$1/css" && echo 'body { color: red }' >"$1/css/colours.css" && cd "$1"
                git init --quiet && git add .
                git -c user.name=Ada -c user.email=ada@example.com commit --quiet --message colours
                """, "sh", "\(place.path)/theme",
            ]
        )
        try #require(made.isSuccess, "\(made.errorText)")
        return "\(place.path)/theme"
    }

    private func ask(_ verb: String, _ request: String = "{}") async throws -> CommandResult {
        let module = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../charm/workload/indico_workload.py").path
        return try await run("/usr/bin/python3", [module, verb], input: request)
    }

    private func fetch(_ source: String) async throws -> CommandResult {
        try await ask("customize", "{\"source\": \"\(source)\"}")
    }

    @Test func `a repository is fetched once`() async throws {
        let theme = try await repository()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let first = try await fetch("file://\(theme)")
        #expect(first.outputText.contains("\"changed\": true"), "\(first.outputText) \(first.errorText)")
        #expect(FileManager.default.fileExists(atPath: "\(place.path)/custom/css/colours.css"))
        let second = try await fetch(theme)
        #expect(second.outputText.contains("\"changed\": false"), "\(second.outputText) \(second.errorText)")
    }

    /// As where root makes the repository and Indico's account fetches it: Git then calls the ownership dubious.
    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `a repository of another account is fetched`() async throws {
        let theme = try await repository()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let given = try await run("/bin/chown", ["-R", "nobody", theme])
        try #require(given.isSuccess, "\(given.errorText)")
        // A root that sudo made may read what its caller owns; there is none here.
        let reply = try await fetch("file://\(theme)")
        #expect(reply.outputText.contains("\"changed\": true"), "\(reply.outputText) \(reply.errorText)")
    }

    @Test func `what Git says against it is in the refusal, and no password`() async throws {
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        let missing = try await fetch("file://\(place.path)/nothing")
        #expect(!missing.isSuccess)
        #expect(missing.outputText.contains("does not appear to be a git repository"), "\(missing.outputText)")
        let refused = try await fetch("https://ada:s3cret-word@127.0.0.1:1/theme.git")
        #expect(!refused.isSuccess)
        #expect(refused.outputText.contains("127.0.0.1"), "\(refused.outputText)")
        #expect(!refused.outputText.contains("s3cret"), "\(refused.outputText)")
    }

    @Test func `what was fetched is taken away, and is fetched again`() async throws {
        let theme = try await repository()
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        _ = try await fetch(theme)
        let dropped = try await ask("drop-customization")
        #expect(dropped.outputText.contains("\"changed\": true"), "\(dropped.outputText) \(dropped.errorText)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/custom").isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).contains("custom.old") == false)
        #expect(try await ask("drop-customization").outputText.contains("\"changed\": false"))
        #expect(try await fetch(theme).outputText.contains("\"changed\": true"))
        #expect(FileManager.default.fileExists(atPath: "\(place.path)/custom/css/colours.css"))
    }

    @Test func `what came there by hand is left alone, and what a killed one left is brought to its end`() async throws
    {
        defer { try? FileManager.default.removeItem(atPath: place.path) }
        for directory in ["custom/css", "custom.old/.git"] {
            try FileManager.default.createDirectory(
                atPath: place.appending(path: directory).path,
                withIntermediateDirectories: true
            )
        }
        #expect(try await ask("drop-customization").outputText.contains("\"changed\": false"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/custom") == ["css"])
        try FileManager.default.removeItem(atPath: "\(place.path)/custom")
        #expect(try await ask("drop-customization").outputText.contains("\"changed\": true"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/custom").isEmpty)
    }
}
