// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Testing

@Suite struct ProcessReaperTests {
    private func request(_ script: String) -> SpawnRequest {
        SpawnRequest(executable: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test func `an end long past is still told`() async throws {
        let reaper = try ProcessReaper()
        let child = try reaper.spawn(request("exit 7"))
        while child.ended == nil { await Task.yield() }
        #expect(await child.exit() == .exited(code: 7))
    }

    @Test func `death by a signal is told apart from an exit`() async throws {
        let reaper = try ProcessReaper()
        let child = try reaper.spawn(request("kill -KILL $$"))
        let exit = await child.exit()
        #expect(exit == .signalled(number: SIGKILL))
        #expect(exit.code == 137)
    }

    @Test func `two reapers in one process leave each other's children alone`() async throws {
        let first = try ProcessReaper()
        let second = try ProcessReaper()
        for code in Int32(0)..<20 {
            let one = try first.spawn(request("exit \(code)"))
            let other = try second.spawn(request("exit \(code + 100)"))
            #expect(await one.exit() == .exited(code: code))
            #expect(await other.exit() == .exited(code: code + 100))
        }
    }

    @Test func `a reaper that is dropped still collects its children`() async throws {
        let child = try ProcessReaper().spawn(request("exec sleep 1000"))
        #expect(child.send(.kill))
        #expect(await child.exit() == .signalled(number: SIGKILL))
        // No zombie: a process number nobody has.
        #expect(kill(child.pid.rawValue, 0) != 0)
    }

    @Test func `a reaped process gets no signal`() async throws {
        let reaper = try ProcessReaper()
        let child = try reaper.spawn(request("exit 0"))
        _ = await child.exit()
        #expect(!child.send(.terminate))
    }

    @Test func `a signal to the group reaches what the child started`() async throws {
        let reaper = try ProcessReaper()
        let child = try reaper.spawn(request("sleep 1000 & sleep 1000 & wait"))
        while ProcessTable.members(ofGroup: child.pid).count < 3 { await Task.yield() }
        #expect(child.sendToGroup(.kill))
        _ = await child.exit()
        while !ProcessTable.members(ofGroup: child.pid).isEmpty { await Task.yield() }
    }
}
