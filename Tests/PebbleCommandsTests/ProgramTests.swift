// SPDX-License-Identifier: Apache-2.0
import Testing

/// One after the other: each has a daemon of its own.
@Suite(.serialized) struct ProgramTests {
    static let layer = """
        services:
            web: {override: replace, startup: enabled, command: "sh -c 'echo hello; exec sleep 1000'"}
            bad: {override: replace, command: /nonexistent/program}
        checks:
            good: {override: replace, level: alive, period: 1h, exec: {command: "true"}}
            bad: {override: replace, period: 1h, threshold: 1, exec: {command: sh -c 'echo broken; exit 3'}}
        """

    @Test func `services are started, shown and stopped`() async throws {
        try await Program.withDaemon(layer: Self.layer) { pebble in
            let version = try await pebble.run("version")
            #expect(version.output == "client  v1.32.1\nserver  v1.32.1\n")
            let run1 = try await pebble.run("start", "web")
            #expect(run1 == (0, "", ""))
            let services = try await pebble.run("services")
            #expect(services.output.hasPrefix("Service  Startup   Current   Since\nbad      disabled  inactive  -\n"))
            let run2 = try await pebble.run("logs")
            #expect(run2.output.hasSuffix(" [web] hello\n"))
            let run3 = try await pebble.run("signal", "CONT", "web")
            #expect(run3 == (0, "", ""))
            let run4 = try await pebble.run("stop", "web")
            #expect(run4 == (0, "", ""))
            let run5 = try await pebble.run("services", "none")
            #expect(run5 == (0, "", "No matching services.\n"))
            let failed = try await pebble.run("start", "bad")
            #expect(failed.code == 1)
            #expect(
                failed.error.hasPrefix(
                    "error: cannot perform the following tasks:\n- Start service \"bad\" (cannot start"
                )
            )
            let run6 = try await pebble.run("tasks", "--last", "stop")
            #expect(run6.output.contains("Stop service \"web\""))
            let run7 = try await pebble.run("changes")
            #expect(run7.output.contains("Start service \"bad\"\n"))
        }
    }

    @Test func `what there was nothing to do about is said`() async throws {
        try await Program.withDaemon(layer: Self.layer) { pebble in
            let first = try await pebble.run("start", "web")
            #expect(first == (0, "", ""))
            let second = try await pebble.run("start", "web")
            #expect(second.code == 0)
            #expect(second.output.hasSuffix(" INFO Service \"web\" already started.\n"))
            let none = try await pebble.run("warnings", "--format", "json")
            #expect(none == (0, "{\"warnings\":[]}\n", ""))
        }
    }

    @Test func `checks and health are told, with an exit code`() async throws {
        try await Program.withDaemon(layer: Self.layer) { pebble in
            let run8 = try await pebble.run("health")
            #expect(run8 == (0, "healthy\n", ""))
            let run9 = try await pebble.run("check", "--refresh", "bad")
            #expect(run9.output.contains("error: exit status 3; broken\n"))
            let run10 = try await pebble.run("health")
            #expect(run10 == (1, "unhealthy\n", ""))
            let run11 = try await pebble.run("health", "--level", "alive")
            #expect(run11 == (0, "healthy\n", ""))
            let run12 = try await pebble.run("health", "--format", "json")
            #expect(run12 == (0, "{\"healthy\":false}\n", ""))
            let run13 = try await pebble.run("stop-checks", "bad")
            #expect(run13.output == "Checks stopped: bad\n")
            let run14 = try await pebble.run("stop-checks", "bad")
            #expect(run14.output == "Checks already stopped.\n")
        }
    }

    @Test func `files go there and back`() async throws {
        try await Program.withDaemon(layer: Self.layer) { pebble in
            let directory = pebble.directory + "/files"
            let run15 = try await pebble.run("mkdir", "-p", "-m", "700", directory + "/deep")
            #expect(run15 == (0, "", ""))
            let here = "/proc/self/status"
            let run16 = try await pebble.run("push", here, directory + "/status", "-m", "600")
            #expect(run16 == (0, "", ""))
            let run17 = try await pebble.run("ls", directory + "/s*")
            #expect(run17 == (0, "status\n", ""))
            let run18 = try await pebble.run("ls", "-l", directory)
            #expect(run18.output.contains("-rw-------"))
            let run19 = try await pebble.run("pull", directory + "/status", directory + "/back")
            #expect(run19 == (0, "", ""))
            // What is no file is written to, and not put aside.
            let shown = try await pebble.run("pull", directory + "/back", "/dev/stdout")
            #expect(shown.code == 0)
            #expect(shown.output.hasPrefix("Name:\t"))
            let unread = try await pebble.run("push", directory + "/none", directory + "/never")
            #expect(unread.code == 1)
            #expect(unread.error.contains("no such file or directory"))
            let run20 = try await pebble.run("rm", directory)
            #expect(run20.code == 1)
            let run21 = try await pebble.run("rm", "-r", directory)
            #expect(run21 == (0, "", ""))
            let run22 = try await pebble.run("ls", directory)
            #expect(run22.error.hasSuffix("no such file or directory\n"))
        }
    }

    @Test func `exec passes input, output and exit code through`() async throws {
        try await Program.withDaemon(layer: Self.layer) { pebble in
            let script = "pwd; echo $A; cat; echo e >&2; exit 9"
            let result = try await pebble.run(
                "exec",
                "-w",
                "/usr",
                "--env",
                "A=b",
                "--",
                "sh",
                "-c",
                script,
                input: "in"
            )
            #expect(result == (9, "/usr\nb\nin", "e\n"))
            let run23 = try await pebble.run("exec", "none")
            #expect(run23.error == "error: cannot find executable \"none\"\n")
            let run24 = try await pebble.run("exec", "sh", "-c", "kill -TERM $$")
            #expect(run24.code == 143)
        }
    }

    @Test func `notices are put aside once seen`() async throws {
        try await Program.withDaemon(layer: Self.layer) { pebble in
            let run25 = try await pebble.run("okay")
            #expect(run25.code == 1)
            let run26 = try await pebble.run("notify", "example.com/x", "a=b")
            #expect(run26.output.hasPrefix("Recorded notice "))
            let run27 = try await pebble.run("notices", "--type", "custom")
            #expect(run27.output.contains("example.com/x"))
            let run28 = try await pebble.run("okay")
            #expect(run28 == (0, "", ""))
            let run29 = try await pebble.run("notices", "--type", "custom")
            #expect(run29.error == "No matching notices.\n")
            let run30 = try await pebble.run("notice", "custom", "example.com/x")
            #expect(run30.output.contains("last-data:\n    a: b\n"))
        }
    }

    @Test func `a command can have a daemon for itself`() async throws {
        let pebble = try Program()
        let run31 = try await pebble.run("enter", "exec", "--", "sh", "-c", "echo in; exit 5")
        #expect(run31 == (5, "in\n", ""))
        #expect(
            try await pebble.run("enter", "logs") == (1, "", "error: enter: subcommand \"logs\" is not supported\n")
        )
        let run32 = try await pebble.run("services")
        #expect(run32.code == 1)
    }
}
