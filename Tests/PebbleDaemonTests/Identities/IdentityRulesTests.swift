// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct IdentityRulesTests {
    private let bob = IdentityInfo(access: .read, local: LocalIdentity(userID: 7))

    private func apply(
        _ action: String,
        _ identities: [String: IdentityInfo?],
        to current: [String: IdentityInfo] = [:]
    ) throws -> [String: IdentityInfo] {
        try IdentityRules.applying(IdentitiesRequest(action: action, identities: identities), to: current)
    }

    @Test func `each action does what it says and no more`() throws {
        let some = try apply("add", ["bob": bob])
        #expect(some == ["bob": bob])
        #expect(throws: DaemonError(.invalid, "identities already exist: bob")) {
            try apply("add", ["bob": bob], to: some)
        }
        #expect(throws: DaemonError(.invalid, "identities do not exist: zed")) {
            try apply("update", ["zed": bob], to: some)
        }
        let carol = IdentityInfo(access: .admin, local: LocalIdentity(userID: 8))
        #expect(try apply("replace", ["bob": nil, "carol": carol], to: some) == ["carol": carol])
        #expect(try apply("remove", ["bob": nil], to: some).isEmpty)
    }

    @Test func `one user is one identity`() {
        let error = #expect(throws: DaemonError.self) { try apply("add", ["bobby": bob], to: ["bob": bob]) }
        #expect(error?.message == "cannot have multiple identities with user ID 7 (bob, bobby)")
    }

    @Test func `secrets are not shown`() {
        let shown = IdentityRules.withoutSecrets(
            IdentityInfo(
                access: .metrics,
                basic: BasicIdentity(password: "hash"),
                cert: CertificateIdentity(pem: "pem")
            )
        )
        #expect(shown.basic?.password == "*****")
        #expect(shown.cert?.pem == "*****")
    }
}
