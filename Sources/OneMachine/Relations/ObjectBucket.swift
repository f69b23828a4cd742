// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// What an S3 integrator would answer over `s3`.
package struct ObjectBucket: Hashable, Sendable {
    /// How the bucket's name goes into a request.
    package enum Addressing: String, CaseIterable, Sendable {
        case path
        case host
    }

    package static let applicationName = "s3-integrator"

    package var name: String
    package var accessKey: String
    package var secretKey: String
    /// The server's URL; empty for Amazon's own.
    package var endpoint: String
    package var region: String
    package var addressing: Addressing?
    /// Certificates in PEM that the server's is issued by; empty where the system's authorities do.
    package var authority: String

    package init(
        name: String,
        accessKey: String,
        secretKey: String,
        endpoint: String = "",
        region: String = "",
        addressing: Addressing? = nil,
        authority: String = ""
    ) {
        self.name = name
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.endpoint = endpoint
        self.region = region
        self.addressing = addressing
        self.authority = authority
    }

    /// The interface has no secret: the keys stand in the databag, which only the agent's own user can read.
    package var answer: RemoteApplication {
        var databag: [String: DatabagValue] = [
            "bucket": .text(name), "access-key": .text(accessKey), "secret-key": .text(secretKey),
        ]
        if !endpoint.isEmpty { databag["endpoint"] = .text(endpoint) }
        if !region.isEmpty { databag["region"] = .text(region) }
        if let addressing { databag["s3-uri-style"] = .text(addressing.rawValue) }
        if !authority.isEmpty { databag["tls-ca-chain"] = .text(PEMText.list(authority)) }
        return RemoteApplication(name: Self.applicationName, databag: databag)
    }
}
