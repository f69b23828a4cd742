// SPDX-License-Identifier: Apache-2.0

/// Somebody who may use the API, and how they are known.
public struct IdentityInfo: Codable, Hashable, Sendable {
    /// What they may do; nil where it was left out.
    public var access: IdentityAccess?
    /// Known by the user id of their process.
    public var local: LocalIdentity?
    /// Known by name and password.
    public var basic: BasicIdentity?
    /// Known by a client certificate.
    public var cert: CertificateIdentity?

    /// Makes an identity.
    public init(
        access: IdentityAccess?,
        local: LocalIdentity? = nil,
        basic: BasicIdentity? = nil,
        cert: CertificateIdentity? = nil
    ) {
        self.access = access
        self.local = local
        self.basic = basic
        self.cert = cert
    }
}

/// An identity known by the user id of its process.
public struct LocalIdentity: Codable, Hashable, Sendable {
    /// The user id; nil where it was left out.
    public var userID: UInt32?

    enum CodingKeys: String, CodingKey {
        case userID = "user-id"
    }

    /// Makes an identity of a user id.
    public init(userID: UInt32?) { self.userID = userID }
}

/// An identity known by name and password.
public struct BasicIdentity: Codable, Hashable, Sendable {
    /// The password as a `sha512-crypt` hash; the server answers with asterisks.
    public var password: String?

    /// Makes an identity of a hashed password.
    public init(password: String?) { self.password = password }
}

/// An identity known by a client certificate.
public struct CertificateIdentity: Codable, Hashable, Sendable {
    /// The certificate in PEM form; the server answers with asterisks.
    public var pem: String?

    /// Makes an identity of a certificate.
    public init(pem: String?) { self.pem = pem }
}

/// The body of `POST /v1/identities`.
package struct IdentitiesRequest: Codable, Sendable {
    package var action: String
    /// The identities by name; nil stands for null, which removing and replacing need.
    package var identities: [String: IdentityInfo?]

    package init(action: String, identities: [String: IdentityInfo?]) {
        self.action = action
        self.identities = identities
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = try container.value(.action, or: "")
        identities = try container.value(.identities, or: [:])
    }
}
