// SPDX-License-Identifier: Apache-2.0
import Glibc
import HookProtocol
import LinuxSupport
import Testing

@testable import UnitAgent

@Suite struct ShutdownTests {
    /// An agent process whose first hook writes its pid and does not end; SIGTERM comes once it runs.
    @Test func `an agent that is terminated ends, and leaves no hook running`() async throws {
        let unit = try TestUnit(hooks: ["hooks/install": "echo $$ > $TEST_DIR/pid; exec sleep 600"])
        let path = unit.directory.path
        let tool = try #require(unit.configuration.hookToolExecutable)
        await #expect(processExitsWith: .success) { [path = path as String, tool = tool as String] in
            try startThread(named: "terminator") {
                while access("\(path)/pid", R_OK) != 0 { usleep(1000) }
                kill(getpid(), SIGTERM)
            }
            var configuration = AgentConfiguration(
                agentDirectory: "\(path)/agent",
                charmDirectory: "\(path)/charm",
                toolsDirectory: "\(path)/tools",
                containersDirectory: "\(path)/containers",
                application: "tiny"
            )
            configuration.hookToolExecutable = tool
            configuration.environment["TEST_DIR"] = path
            configuration.shutdownGrace = .milliseconds(100)
            try await UnitAgent(configuration: configuration).runUntilTerminated()
        }
        let pid = try #require(Int32(unit.directory.read("pid").split(separator: "\n").first ?? ""))
        let status = ProcessTable.status(of: ProcessID(rawValue: pid))
        #expect(status == nil || status?.isZombie == true)
        let store = try ModelStore(path: unit.configuration.databasePath)
        #expect(try store.read { try $0.hookRecord()?.event() } == .install, "the next agent runs it again")
    }
}
