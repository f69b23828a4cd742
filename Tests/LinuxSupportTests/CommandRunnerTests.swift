// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization
import Testing

@Suite struct CommandRunnerTests {
    let runner: CommandRunner
    let environment = ["PATH": "/usr/bin:/bin"]

    init() throws {
        runner = CommandRunner(reaper: try ProcessReaper())
    }

    @Test func `both streams and the exit code come back`() async throws {
        let result = try await runner.run(
            Command("sh", ["-c", "echo out; echo err >&2; exit 3"], environment: environment)
        )
        #expect(result.outputText == "out\n")
        #expect(result.errorText == "err\n")
        #expect(result.exit == .exited(code: 3))
    }

    @Test func `standard input larger than a pipe goes through`() async throws {
        let input = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let result = try await runner.run(Command("cat", environment: environment, input: input))
        #expect(result.output == input)
    }

    @Test func `a program that ignores its input does no harm`() async throws {
        let input = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let result = try await runner.run(Command("true", environment: environment, input: input))
        #expect(result.isSuccess)
    }

    @Test func `a timeout ends the whole group`() async throws {
        let result = try await runner.run(
            Command(
                "sh",
                ["-c", "sleep 1000 & echo $!; wait"],
                environment: environment,
                timeout: .milliseconds(300)
            )
        )
        #expect(result.isTimedOut)
        #expect(!result.isSuccess)
        let grandchild = try #require(Int32(result.outputText.split(separator: "\n").first ?? ""))
        let status = ProcessTable.status(of: ProcessID(rawValue: grandchild))
        #expect(status == nil || status?.isZombie == true)
    }

    @Test func `a grandchild that keeps the output open does not hold it up`() async throws {
        let result = try await runner.run(
            Command("sh", ["-c", "sleep 1000 & echo $!"], environment: environment)
        )
        #expect(result.isSuccess)
        let grandchild = try #require(Int32(result.outputText.split(separator: "\n").first ?? ""))
        #expect(ProcessTable.signal(ProcessID(rawValue: grandchild), .kill))
    }

    @Test func `cancelling ends the command`() async throws {
        let task = Task { try await runner.run(Command("sleep", ["1000"], environment: environment)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `more output than the limit is cut and said so`() async throws {
        let result = try await runner.run(
            Command("sh", ["-c", "echo 0123456789"], environment: environment, outputLimit: 4)
        )
        #expect(result.outputText == "0123")
        #expect(result.isCut)
    }

    @Test func `lines are handed over one by one, the last without a newline too`() async throws {
        let lines = Mutex<[String]>([])
        _ = try await runner.run(
            Command("sh", ["-c", "printf 'one\\ntwo\\nthree'"], environment: environment)
        ) { _, line in lines.withLock { $0.append(line) } }
        #expect(lines.withLock { $0 } == ["one", "two", "three"])
    }

    @Test func `a program that does not exist is named`() async throws {
        let error = await #expect(throws: SystemError.self) {
            try await runner.run(Command("no-such-program", environment: environment))
        }
        #expect(error?.description == "find executable no-such-program: no such file or directory")
    }

    @Test func `many at once all come back`() async throws {
        let codes = try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try await runner.run(
                        Command("sh", ["-c", "exit \(number)"], environment: environment)
                    ).exit.code
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.sorted() == Array(0..<40))
    }
}
