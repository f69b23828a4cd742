// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Testing

@Suite struct DirectoryRemovalTests {
    @Test func `all below goes, and what links point at stays`() throws {
        let scratch = try Scratch()
        let doomed = scratch.path + "/doomed"
        try FileStore.makeDirectory(scratch.path + "/kept", mode: 0o755)
        try FileStore.write("kept", to: scratch.path + "/kept/file", mode: 0o644)
        try FileStore.makeDirectory(doomed + "/a/b", mode: 0o755)
        try FileStore.write("x", to: doomed + "/a/b/file", mode: 0o644)
        try FileStore.link(doomed + "/link", to: scratch.path + "/kept")
        try DirectoryRemoval.remove(doomed)
        #expect(!FileStore.exists(doomed))
        #expect(try FileStore.text(scratch.path + "/kept/file") == "kept")
    }

    @Test func `a link in the directory's place is removed, not followed`() throws {
        let scratch = try Scratch()
        try FileStore.makeDirectory(scratch.path + "/kept", mode: 0o755)
        try FileStore.link(scratch.path + "/link", to: scratch.path + "/kept")
        try DirectoryRemoval.remove(scratch.path + "/link")
        #expect(FileStore.exists(scratch.path + "/kept"))
        #expect(FileStore.linkTarget(scratch.path + "/link") == nil)
    }

    @Test func `what is not there is fine`() throws {
        let scratch = try Scratch()
        try DirectoryRemoval.remove(scratch.path + "/none")
        try DirectoryRemoval.remove(scratch.path + "/none/below")
    }

    @Test(arguments: ["/", "/tmp", "relative/path", "/a/../b"])
    func `a path nobody can mean is refused`(path: String) {
        #expect(throws: SystemError.self) { try DirectoryRemoval.remove(path) }
    }
}
