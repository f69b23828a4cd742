// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import Testing

@testable import UnitAgent

@Suite struct SecretToolTests {
    @Test func `a secret made in a hook is readable in it and there once it is committed`() throws {
        let tools = try TestTools()
        try tools.directory.write("from a file", to: "value")
        let uri = tools.output("secret-add --label mine password#file=value other#base64=eA==  --owner unit").dropLast()
        #expect(uri.hasPrefix("secret:") && uri.count == 27)
        let content = #"{"other":"x","password":"from a file"}"# + "\n"
        #expect(tools.output("secret-get \(uri) --format=json") == content)
        tools.discard()
        #expect(tools.call("secret-get \(uri)").errorOutput.contains("not found"))

        let kept = tools.output("secret-add --label mine password=one").dropLast()
        try tools.commit()
        #expect(tools.output("secret-get --label mine password --format=json").hasPrefix("[1]"))
        #expect(tools.output("secret-get \(kept) password") == "one\n")
        #expect(
            tools.call("secret-add --label mine password=x").errorOutput
                == "ERROR secret with label \"mine\" already exists\n"
        )
    }

    @Test func `an update is a new revision that only peek and refresh show`() throws {
        let tools = try TestTools()
        let uri = tools.output("secret-add --label mine password=one").dropLast()
        try tools.commit()
        #expect(tools.output("secret-get \(uri) password") == "one\n")
        _ = tools.output("secret-set \(uri) password=two --description d")
        #expect(tools.output("secret-get \(uri) password") == "one\n")
        #expect(tools.output("secret-get \(uri) password --peek") == "two\n")
        #expect(tools.output("secret-get \(uri) password --refresh") == "two\n")
        tools.discard()
        // The refresh was of a revision that never came to be.
        #expect(tools.output("secret-get \(uri) password") == "one\n")
        _ = tools.output("secret-set \(uri) password=one")
        try tools.commit()
        let info = tools.output("secret-info-get --format=json \(uri)")
        #expect(
            info
                == "{\"\(uri.dropFirst(7))\":{\"label\":\"mine\",\"owner\":\"application\",\"revision\":1,\"rotation\":\"never\"}}\n"
        )
    }

    @Test func `tracking a remote secret survives a failed hook`() throws {
        let tools = try TestTools()
        let read = { (flags: String) in tools.output("secret-get \(tools.secretURI) \(flags)") }
        #expect(read("--label db --format=json") == #"{"password":"one"}"# + "\n")
        tools.discard()
        try tools.store.write {
            try $0.addRevision(
                SecretRevision(revision: 2, content: ["password": "two"]),
                secret: String(tools.secretURI.dropFirst(7))
            )
        }
        #expect(tools.output("secret-get --label db --format=json") == #"{"password":"one"}"# + "\n")
        #expect(tools.output("secret-get --label db --peek --format=json") == #"{"password":"two"}"# + "\n")
        #expect(tools.output("secret-get --label db --refresh --format=json") == #"{"password":"two"}"# + "\n")
        tools.discard()
        #expect(tools.output("secret-get --label db --format=json") == #"{"password":"two"}"# + "\n")
    }

    @Test func `a secret nobody granted is not readable, another's not writable`() throws {
        let tools = try TestTools()
        try tools.store.write { model in
            for grant in try model.grants() { try model.removeGrant(grant) }
        }
        #expect(tools.call("secret-get \(tools.secretURI)").errorOutput == "ERROR permission denied\n")
        #expect(tools.call("secret-set \(tools.secretURI) password=x").errorOutput.contains("not found"))
        #expect(tools.call("secret-remove \(tools.secretURI)").errorOutput.contains("not found"))
    }

    @Test func `a grant goes over a relation and can be taken back`() throws {
        let tools = try TestTools()
        let uri = tools.output("secret-add password=one").dropLast()
        _ = tools.output("secret-grant \(uri) --relation=2")
        try tools.commit()
        #expect(try tools.store.read { try $0.grants() }.contains { $0.target == "postgres" && $0.relation == 2 })
        _ = tools.output("secret-revoke \(uri) --relation 2 --app postgres")
        try tools.commit()
        #expect(try tools.store.read { try $0.grants() }.allSatisfy { uri.dropFirst(7) != $0.secret })
        _ = tools.output("secret-remove \(uri)")
        try tools.commit()
        #expect(tools.output("secret-ids --format=json") == "[]\n")
    }

    @Test(arguments: [
        ("2027-02-01T00:00:00Z", 1_801_440_000), ("24h", 1_800_086_400), ("1h30m", 1_800_005_400),
        ("2027-02-01T01:00:00+01:00", 1_801_440_000),
    ])
    func `an expiry is a time or a duration from now`(text: String, seconds: Int64) throws {
        #expect(try SecretText.expiry(text, now: TestTools.time) == seconds)
    }

    @Test(arguments: [
        ("password", true), ("a-b-c", true), ("abc1", true), ("ab", false), ("1ab", false), ("a--b", false),
        ("Abc", false), ("abc-", false),
    ])
    func `keys of a secret have at least three characters and a letter first`(key: String, isKey: Bool) {
        #expect(SecretText.isKey(key) == isKey)
    }
}
