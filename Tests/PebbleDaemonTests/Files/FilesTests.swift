// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

@Suite struct FilesTests {
    @Test func `files are written whole, with their mode and the directories above`() async throws {
        let daemon = try await TestDaemon()
        let path = daemon.directory.file("a/b/file")
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await daemon.call {
            try $0.writeFile(path, content, permissions: 0o640, makeParents: true)
        }
        var information = stat()
        #expect(stat(path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o640)
        #expect(try await daemon.call { try $0.readFile(path) } == content)
        let listed = try await daemon.call { try $0.listFiles(daemon.directory.file("a/b")) }
        // The temporary file is gone.
        #expect(listed.map(\.name) == ["file"])
        #expect(listed.first?.size == 3_000_000)
        #expect(listed.first?.permissions == "640")
        try await daemon.stop()
    }

    @Test func `what cannot be written says why, and leaves nothing`() async throws {
        let daemon = try await TestDaemon()
        let error = await #expect(throws: PebbleClientError.self) {
            try await daemon.call { try $0.writeFile(daemon.directory.file("no/such/dir"), [1]) }
        }
        #expect(error?.description.contains("no such file or directory") == true)
        try await daemon.stop()
    }

    @Test func `removing follows no link`() async throws {
        let daemon = try await TestDaemon()
        let (kept, gone) = (daemon.directory.file("kept"), daemon.directory.file("gone"))
        #expect(mkdir(kept, 0o755) == 0)
        try AtomicFile.write("x", to: "\(kept)/file", mode: 0o644)
        #expect(mkdir(gone, 0o755) == 0)
        #expect(symlink(kept, "\(gone)/link") == 0)
        #expect(mkdir("\(gone)/sub", 0o755) == 0)
        try AtomicFile.write("x", to: "\(gone)/sub/file", mode: 0o644)
        try await daemon.call { try $0.remove(gone, recursive: true) }
        #expect(access(gone, F_OK) != 0)
        #expect(access("\(kept)/file", F_OK) == 0)
        try await daemon.call { try $0.remove(gone, recursive: true) }
        await #expect(throws: PebbleClientError.self) { try await daemon.call { try $0.remove(gone) } }
        try await daemon.stop()
    }

    @Test func `the root directory is not removed`() {
        #expect(throws: FileError.self) { try RecursiveRemoval.remove("//") }
    }

    @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
    func `owners are set, of the directories made as well`() async throws {
        let daemon = try await TestDaemon()
        let path = daemon.directory.file("owned/file")
        try await daemon.call {
            let owner = Ownership(userID: 65534, groupID: 65534)
            try $0.writeFile(path, [1], permissions: 0o600, ownership: owner, makeParents: true)
        }
        for path in [path, daemon.directory.file("owned")] {
            var information = stat()
            #expect(stat(path, &information) == 0)
            #expect(information.st_uid == 65534)
        }
        try await daemon.stop()
    }
}

@Suite struct FilePathTests {
    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("///", "/"), ("/a/b///", "/a"), ("//a//b//", "//a"), ("/a/..", "/a"),
    ])
    func `the parent of a path`(path: String, parent: String) {
        #expect(FileOperations.parent(path) == parent)
    }

    @Test(arguments: ["+77", "-77", "888", "7777", "7", "0o7", " 77", "７７７"])
    func `permissions are three octal digits`(text: String) {
        #expect(throws: FileError.self) { try FileOperations.mode(text, default: 0) }
    }
}
