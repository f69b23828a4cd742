// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct AccessTests {
    private let identities = [
        "bob": IdentityInfo(access: .untrusted, local: LocalIdentity(userID: 0)),
        "web": IdentityInfo(access: .metrics, basic: BasicIdentity(password: "hash of secret")),
    ]

    private func access(_ peer: Peer, _ credentials: (String, String)? = nil, known: Bool = true) -> IdentityAccess? {
        AccessRules.access(
            peer: peer,
            credentials: credentials,
            identities: known ? identities : [:],
            daemonUserID: 1000,
            verify: { $1 == "hash of \($0)" }
        )
    }

    @Test func `root and the daemon's user may do everything, others may read`() {
        #expect(access(.local(userID: 0), known: false) == .admin)
        #expect(access(.local(userID: 1000)) == .admin)
        #expect(access(.local(userID: 1001)) == .read)
        #expect(access(.remote) == nil)
    }

    @Test func `an identity may lower what its user may do`() {
        #expect(access(.local(userID: 0)) == .untrusted)
    }

    @Test func `a password counts if it fits and is as if not there if not`() {
        #expect(access(.remote, ("web", "secret")) == .metrics)
        #expect(access(.remote, ("web", "wrong")) == nil)
        #expect(access(.local(userID: 1000), ("web", "secret")) == .metrics)
        #expect(access(.local(userID: 1000), ("web", "wrong")) == .admin)
    }

    @Test func `over TCP there is nothing but what is open, and metrics for those`() {
        let admin = Caller(peer: .remote, access: .admin)
        let metrics = Caller(peer: .remote, access: .metrics)
        #expect(AccessLevel.open.allows(admin))
        for level in [AccessLevel.user, .admin, .metrics] { #expect(!level.allows(admin)) }
        #expect(AccessLevel.metrics.allows(metrics))
        #expect(!AccessLevel.user.allows(metrics))
    }

    @Test func `over TLS a certificate counts, if it is one, and a password does not`() {
        func pem(_ body: String) -> String { "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n" }
        let identities = [
            "boss": IdentityInfo(access: .admin, cert: CertificateIdentity(pem: pem("AQID"))),
            "twin": IdentityInfo(access: .read, cert: CertificateIdentity(pem: pem("AQID"))),
            "none": IdentityInfo(access: .admin, cert: CertificateIdentity(pem: pem(""))),
            "web": IdentityInfo(access: .admin, basic: BasicIdentity(password: "hash of secret")),
        ]
        func access(_ certificate: [UInt8]) -> IdentityAccess? {
            AccessRules.access(
                peer: .secured(certificate: certificate),
                credentials: ("web", "secret"),
                identities: identities,
                daemonUserID: 1000,
                verify: { $1 == "hash of \($0)" }
            )
        }
        #expect(access([1, 2, 3]) == .admin)
        #expect(access([1, 2]) == nil)
        #expect(access([]) == nil)
    }

    @Test func `readers read and no more`() {
        let reader = Caller(peer: .local(userID: 5), access: .read)
        #expect(AccessLevel.user.allows(reader))
        #expect(AccessLevel.metrics.allows(reader))
        #expect(!AccessLevel.admin.allows(reader))
        #expect(!AccessLevel.user.allows(Caller(peer: .local(userID: 5), access: .untrusted)))
    }

    @Test func `credentials are read from the header`() {
        #expect(BasicCredentials.read("Basic d2ViOmE6Yg==")?.name == "web")
        #expect(BasicCredentials.read("basic d2ViOmE6Yg==")?.password == "a:b")
        #expect(BasicCredentials.read("Basic !!!") == nil)
        #expect(BasicCredentials.read("Bearer x") == nil)
    }

    @Test(arguments: [
        // Made by the C library.
        (
            "Hello world!",
            "$6$rounds=1000$saltstring$Zu2Vknok2/f53APfN687ADnzeNBLcsEgTwvcBHMD2./07rZQAt8vsuKVufD15dyZh.LOLB/uZKf6I3GyON4bp/"
        ),
        (
            String(repeating: "pä", count: 40),
            "$6$rounds=1001$x$VNT5l/5IBvVZpKhdj4aIrInHYlan0s32YteDBn1xOjEBel83W.St2rTGdDo.0//pJvT3GVhU6bLRCtdC4IOpK0"
        ),
    ])
    func `a password is told by its hash`(password: String, hash: String) {
        #expect(PasswordHash.verify(password, hash))
        #expect(!PasswordHash.verify(password + "x", hash))
        #expect(!PasswordHash.verify("", hash))
    }

    @Test(arguments: ["", "$6$", "$6$salt$", "$1$salt$x", "$6$rounds=999999999$salt$x", "plain"])
    func `what is no hash is nobody's`(hash: String) {
        #expect(!PasswordHash.verify("", hash))
        #expect(!PasswordHash.verify("plain", hash))
    }

    @Test func `the hash underneath is the standard's`() {
        let digest = SHA512.digest(Array("abc".utf8)).prefix(4).map { String($0, radix: 16) }
        #expect(digest == ["dd", "af", "35", "a1"])
        let long = SHA512.digest([UInt8](repeating: 97, count: 1000)).prefix(4).map { String($0, radix: 16) }
        #expect(long == ["67", "ba", "55", "35"])
    }
}
