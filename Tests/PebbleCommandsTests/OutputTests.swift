// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI
import PebbleDaemon
import Testing

@testable import PebbleCommands

@Suite struct OutputTests {
    @Test func `columns are as wide as their widest cell`() {
        var table = Table(["Service", "Since"])
        table.add(["a-long-name", "-"])
        table.add(["é", "x"])
        #expect(table.text == "Service      Since\na-long-name  -\né            x\n")
    }

    static let days: [(Int64, String)] = [
        (0, "today at "), (-1, "yesterday at "), (-3, "3 days ago, at "), (1, "tomorrow at "), (5, "in 5 days, at "),
        (-100, "2026-"),
    ]

    @Test(arguments: days)
    func `times are told from now`(days: Int64, beginning: String) throws {
        // Noon, so that a clock put forward or back does not make it another day.
        let now = try #require(Timestamp("2026-11-22T12:00:00Z"))
        let human = HumanTime(isAbsolute: false, now: now)
        #expect(human.text(Timestamp(seconds: now.seconds + days * 86_400)).hasPrefix(beginning))
        #expect(human.text(nil) == "-")
    }

    @Test func `absolute times have no fraction`() {
        let human = HumanTime(isAbsolute: true)
        #expect(human.text(Timestamp("2026-11-22T10:00:00.5Z")) == "2026-11-22T10:00:00Z")
    }

    @Test func `values for programs come as JSON or YAML`() throws {
        let value = ["services": ["a": ServiceStatus.active]]
        #expect(try StructuredText.of(value, .json) == "{\"services\":{\"a\":\"active\"}}\n")
        #expect(try StructuredText.of(value, .yaml) == "services:\n    a: active\n")
        #expect(try StructuredText.yaml([("b", 1), ("a", nil as String?), ("c", "5")]) == "b: 1\nc: \"5\"\n")
        let time = try #require(Timestamp("2026-01-02T03:04:05.5Z"))
        #expect(try StructuredText.yaml([("at", time)]) == "at: 2026-01-02T03:04:05.5Z\n")
        let since = ["a": ServiceInfo(name: "a", startup: .enabled, current: .active, currentSince: time)]
        #expect(try StructuredText.of(since, .yaml).contains("current-since: 2026-01-02T03:04:05.5Z\n"))
        #expect(try StructuredText.of(["data": ["at": time.description]], .yaml).contains("at: \"2026"))
    }

    @Test(arguments: [
        (nil, "     -"), (0, "    0B"), (999, "  999B"), (5000, " 5000B"), (5001, "5.00kB"), (9499, "9.50kB"),
        (9500, " 9.5kB"), (9994, "10.0kB"), (12_345, "12.3kB"), (12_350, "12.3kB"), (99_449, "99.4kB"),
        (99_500, " 100kB"), (123_456, " 123kB"), (999_499, " 999kB"), (999_500, "1.00MB"), (12_345_678_901, "12.3GB"),
        (1_000_000_000_000, "1.00TB"),
    ])
    func `sizes are short, and written as the original writes them`(bytes: Int64?, text: String) {
        #expect(ListCommand.size(bytes) == text)
    }

    @Test func `only the last part of a path may be a pattern`() throws {
        #expect(try ListCommand.split("/a/b*") == ("/a", "b*"))
        #expect(try ListCommand.split("/x?") == ("/", "x?"))
        #expect(try ListCommand.split("/a/b") == ("/a/b", nil))
        #expect(throws: CommandFailure.self) { try ListCommand.split("/a*/b") }
    }
}

@Suite struct RunArgumentsTests {
    @Test func `arguments of services are taken out of the line`() throws {
        let (words, arguments) = try RunCommand.takeServiceArguments(
            ["run", "--hold", "--args", "web", "--port", "80", ";", "-v", "--args", "db"]
        )
        #expect(words == ["run", "--hold", "-v"])
        #expect(arguments.map(\.service) == ["web", "db"])
        #expect(arguments.map(\.arguments) == [["--port", "80"], []])
    }

    @Test func `other commands keep their words`() throws {
        let words = ["exec", "x", "--args", "y"]
        #expect(try RunCommand.takeServiceArguments(words).words == words)
    }

    @Test(arguments: [["run", "--args"], ["run", "--args", ";"], ["run", "--args", "a", ";", "--args", "a"]])
    func `arguments without a service, or twice for one, are refused`(words: [String]) {
        #expect(throws: CommandFailure.self) { try RunCommand.takeServiceArguments(words) }
    }
}

@Suite struct ToolTests {
    struct Line: Sendable {
        var words: [String]
        var code: Int32
        var error: String

        init(_ words: [String], _ code: Int32, _ error: String) {
            self.words = words
            self.code = code
            self.error = error
        }
    }

    static let notFound = """
        error: cannot communicate with server: Get "http://localhost/v1/services?names=": \
        socket "/nonexistent/.pebble.socket" not found

        """
    static let lines: [Line] = [
        Line(["frob"], 1, "error: unknown command \"frob\", see 'pebble help'\n"),
        Line(["services", "--bogus"], 1, "error: unknown flag `bogus'\n"),
        Line(["services"], 1, notFound),
        Line([], 0, ""),
        Line(["help", "exec"], 0, ""),
        Line(["exec", "--help"], 0, ""),
        Line(["version"], 0, ""),
    ]

    @Test(arguments: lines)
    func `mistakes are told on standard error with code 1`(line: Line) async {
        let capture = Capture()
        let environment = ["PEBBLE": "/nonexistent"]
        let result = await CommandLineTool.run(line.words, environment: environment, output: capture.output)
        #expect(result == line.code)
        #expect(capture.error == line.error)
        #expect(capture.text.isEmpty == (line.code != 0))
    }

    @Test func `every command has help`() async {
        for name in CommandSyntax.all.map(\.name) {
            let capture = Capture()
            #expect(await CommandLineTool.run(["help", name], environment: [:], output: capture.output) == 0)
            #expect(capture.text.contains("Usage:\n  pebble \(name)"))
        }
    }
}
