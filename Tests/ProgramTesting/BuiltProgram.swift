// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
package import LinuxSupport

/// A program of this package as it was built beside the tests, running for one test.
package struct BuiltProgram {
    /// What it is given and where its words go.
    package let child: ChildProcess
    private let log: String

    /// The path of a program of this package.
    package static func path(_ name: String) throws -> String {
        // The tests' own executable lies where the programs do.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }

    /// Starts a program and runs a body, then ends the program if it has not ended.
    package static func running(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        _ body: (BuiltProgram) async throws -> Void
    ) async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString).log").path
        let descriptor = open(log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("create \(log)") }
        defer {
            close(descriptor)
            unlink(log)
        }
        let reaper = try ProcessReaper()
        let child = try reaper.spawn(
            SpawnRequest(
                executable: try path(name),
                arguments: [name] + arguments,
                environment: environment,
                standardOutput: descriptor,
                standardError: descriptor
            )
        )
        let program = BuiltProgram(child: child, log: log)
        let failure: (any Error)?
        do {
            try await body(program)
            failure = nil
        } catch {
            failure = error
        }
        child.send(.kill)
        _ = await child.exit()
        withExtendedLifetime(reaper) {}
        if let failure { throw failure }
    }

    /// What the program has said so far.
    package var words: String {
        (try? Data(contentsOf: URL(filePath: log))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Waits for the number after `name=` in what the program says.
    package func number(after name: String) async throws -> Int? {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let isLast = ContinuousClock.now >= deadline
            if let place = words.firstRange(of: " \(name)="),
                let number = Int(words[place.upperBound...].prefix { $0.isNumber })
            {
                return number
            }
            if child.ended != nil || isLast { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
