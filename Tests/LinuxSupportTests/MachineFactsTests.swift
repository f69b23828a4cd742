// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Testing

@Suite struct MachineFactsTests {
    @Test func `a process name with spaces and parentheses does not confuse the status line`() throws {
        let line = "42 (a) b (c)) S 7 42 41 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 3"
        let status = try #require(ProcessStatus(statLine: line))
        #expect(status.parent.rawValue == 7)
        #expect(status.group.rawValue == 42)
        #expect(status.session.rawValue == 41)
        #expect(status.startTime == 987_654)
    }

    @Test func `this process is in the table`() throws {
        let status = try #require(ProcessTable.status(of: .current))
        #expect(status.parent.rawValue == getppid())
        #expect(ProcessTable.descendants(of: status.parent).contains { $0.pid == .current })
    }

    @Test func `groups that kill would take for everything are refused`() {
        for number: Int32 in [-1, 0, 1, getpgrp()] {
            #expect(!ProcessTable.signalGroup(ProcessID(rawValue: number), Signal(rawValue: 0)))
        }
        #expect(!ProcessTable.signal(ProcessID(rawValue: 1), Signal(rawValue: 0)))
    }

    @Test func `signal names go both ways`() {
        #expect(Signal(name: "SIGTERM") == .terminate)
        #expect(Signal.hangup.name == "SIGHUP")
        #expect(Signal(rawValue: SIGABRT).name == "SIGABRT")
        #expect(Signal(name: "TERM") == nil)
    }

    @Test func `accounts are read from the files`() throws {
        let directory = try TemporaryDirectory()
        try AtomicFile.write(
            "root:x:0:0::/root:/bin/sh\nweb:x:33:34:Web,,:/srv:/bin/sh\nbad line\n",
            to: directory.file("p"),
            mode: 0o644
        )
        try AtomicFile.write("web:x:34:\nadm:x:4:root,web\nlog:x:5:root\n", to: directory.file("g"), mode: 0o644)
        let accounts = Accounts(passwordFile: directory.file("p"), groupFile: directory.file("g"))
        let web = try #require(accounts.user(named: "web"))
        #expect(web == accounts.user(id: 33))
        #expect(web.home == "/srv")
        #expect(accounts.groupIDs(of: web) == [34, 4])
        #expect(accounts.group(id: 5)?.name == "log")
        #expect(accounts.user(named: "nobody-here") == nil)
    }

    @Test func `an atomic file has its mode whatever the mask and leaves nothing beside it`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state")
        try AtomicFile.write("one", to: path, mode: 0o666)
        try AtomicFile.write("two", to: path, mode: 0o640)
        var information = stat()
        #expect(stat(path, &information) == 0)
        #expect(information.st_mode & 0o7777 == 0o640)
        #expect(try FileBytes.read(path) == Array("two".utf8))
        let runnerSeesOnly = ["state"]
        var names: [String] = []
        let opened = try #require(opendir(directory.path))
        defer { closedir(opened) }
        while let entry = readdir(opened) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") || name.hasSuffix(".tmp") { names.append(name) }
        }
        #expect(names == runnerSeesOnly)
    }

    @Test func `a directory that is not there is named`() {
        let error = #expect(throws: SystemError.self) {
            try AtomicFile.write("x", to: "/nonexistent/dir/file", mode: 0o600)
        }
        #expect(error?.isNotFound == true)
        #expect(error?.description == "open /nonexistent/dir/file: no such file or directory")
    }

    @Test func `a socket names its peer`() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let credentials = try PeerCredentials(socket: ends[0])
        #expect(credentials.pid == .current)
        #expect(credentials.userID == geteuid())
    }

    @Test func `executables are found as a shell would`() {
        #expect(Machine.findExecutable("sh", path: "/nonexistent:/bin") == "/bin/sh")
        #expect(Machine.findExecutable("sh", path: "/nonexistent") == nil)
        #expect(Machine.findExecutable("/etc/passwd", path: "") == nil)
    }
}
