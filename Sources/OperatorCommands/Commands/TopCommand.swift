// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine

/// Shows what goes on, live.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows live what goes on: requests, latency, workers, tasks, memory, checks.",
        discussion: """
            The numbers are the exporters'; Prometheus is not needed. Ctrl-C ends it, with exit code 130. Piped, it \
            writes one plain line every interval.

            EXAMPLE:
              indico-operator top
              indico-operator top --count 3 | cat
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "Seconds between two looks.")
    var interval = 2

    @Option(help: "How many looks to take; until Ctrl-C when left out.")
    var count: Int?

    func validate() throws {
        guard (1...3600).contains(interval) else { throw ValidationError("--interval is between 1 and 3600.") }
        if let count, count < 1 { throw ValidationError("--count is at least 1.") }
    }

    func run() throws {
        _ = try global.installation()
        let output = FileDescriptorOutput.standardOutput
        let terminal = Terminal.standardOutput(environment: global.environment)
        let isLive = terminal.isTerminal && terminal.look.usesUnicode
        var board = TopBoard(width: max(10, min(60, terminal.look.width - 32)))
        var last = LoadSample.read()
        if isLive {
            CursorGuard.install()
            output.write("\u{1B}[2J\u{1B}[?25l")
        }
        defer { if isLive { output.write("\u{1B}[?25h") } }
        var looks = 0
        while count.map({ looks < $0 }) ?? true {
            sleep(UInt32(interval))
            let sample = LoadSample.read()
            board.add(sample, since: last, seconds: Double(interval))
            last = sample
            looks += 1
            if isLive {
                output.write("\u{1B}[H" + board.lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
            } else {
                output.write(board.plainLine + "\n")
            }
        }
    }
}

/// What `top` shows: a row for each number, with its last values.
struct TopBoard {
    struct Row {
        var name: String
        /// The name in plain lines.
        var key: String
        var text = "-"
        var trend: Sparkline
    }

    private(set) var rows: [Row]

    init(width: Int) {
        rows = [
            ("requests a second", "requests/s"), ("95 of 100 within", "p95"), ("busy workers", "busy"),
            ("waiting for a worker", "listen-queue"), ("tasks a second", "tasks/s"), ("tasks running", "tasks"),
            ("tasks waiting", "queue"), ("memory of workers", "worker-memory"), ("memory available", "memory"),
            ("load", "load"), ("failing checks", "failing-checks"),
        ].map { Row(name: $0.0, key: $0.1, trend: Sparkline(width: width)) }
    }

    /// Takes in a sample, with what grew since the one before.
    mutating func add(_ sample: LoadSample, since before: LoadSample, seconds: Double) {
        func rate(_ path: KeyPath<LoadSample, Double?>) -> Double? {
            guard let now = sample[keyPath: path], let then = before[keyPath: path] else { return nil }
            // An exporter that was started again counts from nothing.
            return max(0, now - then) / seconds
        }
        let late = sample.time(ofShare: 0.95, since: before)
        let workers = [sample.busyWorkers, sample.idleWorkers].compactMap { $0 }.reduce(0, +)
        let values: [(Double?, (Double) -> String)] = [
            (rate(\.requests), Self.short),
            (late, { $0.isFinite ? "\(Self.short($0)) s" : "more than 30 s" }),
            (sample.busyWorkers, { "\(Self.short($0)) of \(Self.short(workers))" }),
            (sample.waitingForWorker, Self.short), (rate(\.tasksDone), Self.short), (sample.tasksRunning, Self.short),
            (sample.tasksWaiting, Self.short), (sample.workerMemory, Self.megabytes),
            (sample.memoryAvailable, Self.megabytes), (sample.load, Self.short),
            (sample.failingChecks, { "\(Self.short($0)) of \(Self.short(sample.checks ?? 0))" }),
        ]
        for (index, (value, text)) in values.enumerated() {
            rows[index].text = value.map(text) ?? "-"
            rows[index].trend.append(value.map { $0.isFinite ? $0 : 60 })
        }
    }

    /// The rows for a terminal.
    var lines: [String] {
        rows.map { row in
            let name = row.name + String(repeating: " ", count: max(1, 21 - row.name.count))
            let text = String(repeating: " ", count: max(0, 10 - row.text.count)) + row.text
            return "\(name)\(text)  \(row.trend.text)"
        }
    }

    /// All of it in one line, for pipes.
    var plainLine: String { rows.map { "\($0.key)=\($0.text.replacing(" ", with: ""))" }.joined(separator: " ") }

    private static func short(_ value: Double) -> String {
        let tenths = (value * 100).rounded() / 100
        return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
    }

    private static func megabytes(_ value: Double) -> String { "\(Int(value / 1_048_576)) MiB" }
}
