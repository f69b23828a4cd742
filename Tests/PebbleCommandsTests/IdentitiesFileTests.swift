// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import LinuxSupport
import PebbleAPI
import Testing

@testable import PebbleCommands

@Suite struct IdentitiesFileTests {
    @Test func `identities are read with their kinds, null for those to remove`() throws {
        let identities = try read("identities:\n  bob:\n    access: admin\n    local: {user-id: 42}\n  eve: null\n")
        #expect(identities["bob"] == IdentityInfo(access: .admin, local: LocalIdentity(userID: 42)))
        #expect(identities.keys.contains("eve"))
        #expect(identities["eve"] == .some(nil))
    }

    @Test(arguments: ["", "identities: {}", "identities: {a: {acces: x}}", "others: {}", "{"])
    func `a file that makes no sense is refused`(text: String) {
        #expect(throws: CommandFailure.self) { try read(text) }
    }

    private func read(_ text: String) throws -> [String: IdentityInfo?] {
        let path = "/tmp/identities-\(UInt64.random(in: 0 ... .max)).yaml"
        try AtomicFile.write(text, to: path, mode: 0o600, isDurable: false)
        defer { unlink(path) }
        return try IdentitiesFile.parse(["--from", path]).read(to: "add")
    }
}
