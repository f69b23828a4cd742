// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

@Suite struct ExecTests {
    @Test func `input goes in, both outputs and the exit code come back`() async throws {
        let daemon = try await TestDaemon()
        let input = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let outcome = try await daemon.call { client in
            var call = ExecCall(["sh", "-c", "cat; echo done >&2; exit 42"])
            call.input = .bytes(input)
            return try client.exec(call)
        }
        #expect(outcome.exitCode == 42)
        #expect(outcome.standardOutput == input)
        #expect(String(decoding: outcome.standardError, as: UTF8.self) == "done\n")
        try await daemon.stop()
    }

    @Test func `a command that does not want its input ends all the same`() async throws {
        let daemon = try await TestDaemon()
        let outcome = try await daemon.call { client in
            var call = ExecCall(["sh", "-c", "exec <&-; sleep 0.2; exit 7"])
            call.input = .bytes([UInt8](repeating: 0, count: 4 << 20))
            return try client.exec(call)
        }
        #expect(outcome.exitCode == 7)
        try await daemon.stop()
    }

    @Test func `environment, directory and context are the ones asked for`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sleep 1000
                    environment: {COLOUR: blue, SHAPE: round}
                    working-dir: /usr
                """
        )
        let outcome = try await daemon.call { client in
            var call = ExecCall(["sh", "-c", "echo $COLOUR $SHAPE; pwd"])
            call.serviceContext = "web"
            call.environment = ["SHAPE": "square"]
            return try client.exec(call)
        }
        #expect(String(decoding: outcome.standardOutput, as: UTF8.self) == "blue square\n/usr\n")
        try await daemon.stop()
    }

    @Test func `a timeout kills the command and what it started`() async throws {
        let daemon = try await TestDaemon()
        let file = daemon.directory.file("pid")
        await #expect(throws: (any Error).self) {
            try await daemon.call { client in
                var call = ExecCall(["sh", "-c", "sleep 1000 & echo $! > \(file); wait"])
                call.timeout = .milliseconds(500)
                return try client.exec(call)
            }
        }
        let text = String(decoding: try FileBytes.read(file), as: UTF8.self)
        let pid = try #require(Int32(text.split(separator: "\n").first ?? ""))
        try await eventually("the grandchild still runs") {
            ProcessTable.status(of: ProcessID(rawValue: pid))?.isZombie ?? true
        }
        try await daemon.stop()
    }

    @Test func `a client that comes as the command is given up hears of it`() async throws {
        let daemon = try await TestDaemon { options in
            options.holds = true
            options.execPatience = .microseconds(300)
        }
        // However it comes out each time, it comes out.
        for _ in 0..<30 {
            let outcome = try await daemon.call { client in
                Result { () throws(PebbleClientError) in try client.exec(ExecCall(["true"])) }
            }
            switch outcome {
            case .success(let outcome): #expect(outcome.exitCode == 0)
            case .failure(let error): #expect("\(error)".contains("cannot") || "\(error)".contains("websocket"))
            }
        }
        try await daemon.stop()
    }

    @Test func `many at once each get their own`() async throws {
        let daemon = try await TestDaemon()
        let codes = try await withThrowingTaskGroup(of: Int.self) { group in
            for code in 0..<20 {
                group.addTask {
                    try await daemon.call { try $0.exec(ExecCall(["sh", "-c", "exit \(code)"])) }.exitCode
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.sorted() == Array(0..<20))
        try await daemon.stop()
    }

    @Test func `what cannot be run says why`() async throws {
        let daemon = try await TestDaemon()
        for (command, reason) in [("no-such-program", "cannot find executable"), ("", "cannot find executable \"\"")] {
            let error = await #expect(throws: PebbleClientError.self) {
                try await daemon.call { try $0.exec(ExecCall([command])) }
            }
            #expect(error?.description.contains(reason) == true)
        }
        try await daemon.stop()
    }
}
