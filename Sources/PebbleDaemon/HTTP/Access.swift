// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// Where a request comes from.
enum Peer: Hashable, Sendable {
    /// Over the Unix socket, from a process of this user.
    case local(userID: UInt32)
    /// Over TCP, from anybody.
    case remote
    /// Over TLS, from whoever holds the key of this certificate (DER, empty if it is out of date or not for clients).
    case secured(certificate: [UInt8])

    /// What the daemon's log calls the way it came.
    var transport: String {
        switch self {
        case .local: "http+unix"
        case .remote: "http"
        case .secured: "https"
        }
    }
}

/// Who asks.
struct Caller: Hashable, Sendable {
    var peer: Peer
    /// What the caller may do; nil is nothing but what is open to all.
    var access: IdentityAccess?
    /// The identity that says so, if one does.
    var identity: String?

    /// What the daemon's log calls the caller.
    var name: String { identity ?? userID.map(String.init) ?? "-" }

    /// The user, of those who come over the Unix socket.
    var userID: UInt32? {
        guard case .local(let userID) = peer else { return nil }
        return userID
    }

    var isAdmin: Bool { access == .admin }
}

/// Who may call an endpoint.
enum AccessLevel: Sendable {
    case open
    case user
    case admin
    case metrics

    func allows(_ caller: Caller) -> Bool {
        if case .open = self { return true }
        // Over TCP there is no encryption: metrics are all that is worth a password there.
        if caller.peer == .remote {
            guard case .metrics = self else { return false }
            return caller.access == .metrics
        }
        return switch self {
        case .open: true
        case .user: caller.access == .admin || caller.access == .read
        case .admin: caller.access == .admin
        case .metrics: caller.access == .admin || caller.access == .read || caller.access == .metrics
        }
    }
}

/// Works out what a caller may do.
enum AccessRules {
    /// - A password that fits an identity counts; one that does not is as if there were none.
    /// - Over TLS the identity with the client's certificate counts, and a password does not.
    /// - Otherwise a local identity of the user counts, also when it allows less.
    /// - Otherwise root and the daemon's own user may do everything, others may read.
    static func access(
        peer: Peer,
        credentials: (name: String, password: String)?,
        identities: [String: IdentityInfo],
        daemonUserID: UInt32,
        verify: (_ password: String, _ hash: String) -> Bool
    ) -> IdentityAccess? {
        // Who comes over TLS has shown a certificate, and is nobody else.
        if case .secured = peer {
        } else if let credentials, let identity = identities[credentials.name], let hash = identity.basic?.password,
            verify(credentials.password, hash)
        {
            return identity.access
        }
        if let name = identity(of: peer, identities) { return identities[name]?.access }
        guard case .local(let userID) = peer else { return nil }
        return userID == 0 || userID == daemonUserID ? .admin : .read
    }

    /// The identity of whoever needs no password for it.
    static func identity(of peer: Peer, _ identities: [String: IdentityInfo]) -> String? {
        switch peer {
        case .remote:
            return nil
        case .secured(let certificate):
            // One that is out of date is none, and so is what an identity may have instead of one.
            guard !certificate.isEmpty else { return nil }
            return identities.filter { $0.value.cert?.pem.flatMap(Certificates.der) == certificate }.keys.min()
        case .local(let userID):
            return identities.first { $0.value.local?.userID == userID }?.key
        }
    }
}
