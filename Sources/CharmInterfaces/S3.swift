// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `s3` interface: a bucket to keep objects in.
///
/// We write, as the leader: `bucket`, a wish the provider's own configuration overrides. We read the application's
/// `access-key`, `secret-key`, `bucket`, `endpoint`, `region`, `path`, `s3-uri-style`, `tls-ca-chain`.
public enum S3 {
    /// Reads the bucket of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<S3Bucket> {
        try readOnlyRelation(endpoint, model) { read(try RemoteDatabags($0, withUnits: false)) }
    }

    /// Asks for a bucket, as the leader; elsewhere nothing is written.
    ///
    /// The charm we replace asks for `relation-ID`, another bucket each time it is related anew. The application's
    /// name stays.
    ///
    /// - Parameters:
    ///   - bucket: The bucket's name.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func request(bucket: String, _ endpoint: String, _ model: Model) throws {
        guard try model.isLeader() else { return }
        for relation in try model.relations(endpoint) where relation.isActive {
            // What an earlier charm asked for holds the objects of years: it is never asked for otherwise.
            guard try relation.data(.ownApplication)["bucket", default: ""].isEmpty else { continue }
            try relation.set(["bucket": bucket], in: .ownApplication)
        }
    }

    /// Reads what a provider wrote.
    ///
    /// - Parameter databags: The provider's databags.
    /// - Returns: What reading came to.
    public static func read(_ databags: RemoteDatabags) -> RelationReading<S3Bucket> {
        guard let accessKey = databags.value("access-key") else { return .waiting("access-key") }
        guard let secretKey = databags.value("secret-key") else { return .waiting("secret-key") }
        guard let name = databags.value("bucket") else { return .waiting("bucket") }
        for (key, value) in [("access-key", accessKey), ("secret-key", secretKey), ("bucket", name)]
        where value.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) {
            return .invalid("\(key): has a space or a control character")
        }
        var bucket = S3Bucket(name: name, accessKey: accessKey, secretKey: secretKey)
        if let text = databags.value("endpoint") {
            guard let endpoint = WebURL(text) else { return .invalid("endpoint: not an http or https URL") }
            bucket.endpoint = endpoint
        }
        if let text = databags.value("s3-uri-style") {
            guard let style = S3Bucket.Addressing(text) else {
                return .invalid("s3-uri-style: must be path, host or virtual")
            }
            bucket.addressing = style
        }
        if let text = databags.value("tls-ca-chain") {
            guard let chain: [String] = JSONText.parse(text) else {
                return .invalid("tls-ca-chain: not a JSON list of certificates")
            }
            bucket.certificateChain = chain
        }
        bucket.region = databags.value("region")
        bucket.path = databags.value("path")
        return .ready(bucket)
    }
}

/// A bucket to keep objects in.
public struct S3Bucket: Sendable, Hashable {
    /// How the bucket's name goes into a request.
    public enum Addressing: String, Sendable, Hashable, CaseIterable {
        /// As the first part of the path.
        case path
        /// As the first part of the host's name.
        case host = "virtual"

        /// Reads what a provider says, for which `host` and `virtual` mean the same; nil for anything else.
        public init?(_ text: String) {
            switch text {
            case "path": self = .path
            case "host", "virtual": self = .host
            default: return nil
            }
        }
    }

    /// The bucket's name.
    public var name: String
    /// The key that names the account.
    public var accessKey: String
    /// The key that proves it.
    public var secretKey: String
    /// The server; nil for Amazon's own.
    public var endpoint: WebURL?
    /// The region; nil for the server's default.
    public var region: String?
    /// The prefix of all objects; nil for none.
    public var path: String?
    /// How the bucket is addressed; nil for what the client thinks best.
    public var addressing: Addressing?
    /// The certificates that sign the server's, each as PEM text.
    public var certificateChain: [String]

    /// Creates a bucket.
    public init(
        name: String,
        accessKey: String,
        secretKey: String,
        endpoint: WebURL? = nil,
        region: String? = nil,
        path: String? = nil,
        addressing: Addressing? = nil,
        certificateChain: [String] = []
    ) {
        self.name = name
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.endpoint = endpoint
        self.region = region
        self.path = path
        self.addressing = addressing
        self.certificateChain = certificateChain
    }
}

/// The provider's half of `s3`, as a value.
public struct S3Provider: Sendable, Hashable {
    /// The bucket that is given.
    public var bucket: S3Bucket

    /// Creates a provider's answer.
    public init(_ bucket: S3Bucket) {
        self.bucket = bucket
    }

    /// What the provider writes to its application's databag.
    public var applicationDatabag: [String: String] {
        var values = ["bucket": bucket.name, "access-key": bucket.accessKey, "secret-key": bucket.secretKey]
        values["endpoint"] = bucket.endpoint?.description
        values["region"] = bucket.region
        values["path"] = bucket.path
        // The interface's word for addressing by host.
        values["s3-uri-style"] = bucket.addressing.map { $0 == .path ? "path" : "host" }
        if !bucket.certificateChain.isEmpty { values["tls-ca-chain"] = JSONText.render(bucket.certificateChain) }
        return values
    }
}
