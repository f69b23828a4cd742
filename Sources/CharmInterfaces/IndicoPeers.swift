// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The peer relation of Indico's units, interface `indico-instance`.
///
/// In the application's databag, written by the leader: `secret-id`, the URI of the application's secret whose
/// `secret-key` signs sessions and links; or `secret-key` itself where Juju has no secrets; and `celery-unit`, the
/// unit that runs Celery's scheduler. An existing deployment's key is kept byte for byte, whatever it looks like:
/// changing it would end every session and break every link ever mailed.
///
/// Ours besides: `paused`, what visitors are told while the site is paused; and `database-mark`, which database and
/// which schema the leader found or made, so that its change wakes units that wait for it; and
/// `attachments`, `s3` once files were put in a bucket.
public enum IndicoPeers {
    /// Reads the shared state of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: The state; absent until the relation exists.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<IndicoPeerState> {
        try readOnlyRelation(endpoint, model) { relation in
            try read(try relation.data(.ownApplication)) { try model.readRemoteSecret($0) }
        }
    }

    /// Reads what a leader wrote.
    ///
    /// - Parameters:
    ///   - databag: The application's databag.
    ///   - secret: Looks up a secret by its URI.
    /// - Returns: The state.
    /// - Throws: What `secret` throws.
    public static func read(
        _ databag: [String: String],
        secret: (String) throws -> SecretReading
    ) throws -> RelationReading<IndicoPeerState> {
        let values = RemoteDatabags(application: databag)
        var state = IndicoPeerState()
        if let text = values.value("celery-unit") {
            guard let unit = UnitName(text) else { return .invalid("celery-unit: not a unit's name") }
            state.celeryUnit = unit
        }
        state.pausedFor = values.value("paused")
        state.databaseMark = values.value("database-mark")
        state.keepsFilesInBucket = values.value("attachments") == "s3"
        if let id = values.value("secret-id") {
            switch try secret(id) {
            case .waiting: return .waiting("access to the secret in secret-id")
            case .invalid(let reason): return .invalid("secret-id: \(reason)")
            case .content(let content):
                guard let key = content["secret-key"], !key.isEmpty else {
                    return .invalid("secret-id: the secret has no secret-key")
                }
                state.secretID = id
                state.secretKey = key
            }
        } else {
            // Also after a controller learned secrets: the key that is there is the key.
            state.secretKey = values.value("secret-key")
        }
        return .ready(state)
    }
}

/// What Indico's units agree on.
public struct IndicoPeerState: Sendable, Hashable {
    /// The key that signs sessions and links; nil until a leader made one.
    public var secretKey: String?
    /// The URI of the secret the key is kept in; nil when it is in the databag itself.
    public var secretID: String?
    /// The unit that runs Celery's scheduler; nil while none is chosen.
    public var celeryUnit: UnitName?
    /// What visitors are told while the site is paused; nil while it is not.
    public var pausedFor: String?
    /// Which database with which schema the leader last found or made.
    public var databaseMark: String?
    /// Whether attachments were put in a bucket, and so cannot be read without it.
    public var keepsFilesInBucket: Bool

    /// Creates a state.
    public init(
        secretKey: String? = nil,
        secretID: String? = nil,
        celeryUnit: UnitName? = nil,
        pausedFor: String? = nil,
        databaseMark: String? = nil,
        keepsFilesInBucket: Bool = false
    ) {
        self.secretKey = secretKey
        self.secretID = secretID
        self.celeryUnit = celeryUnit
        self.pausedFor = pausedFor
        self.databaseMark = databaseMark
        self.keepsFilesInBucket = keepsFilesInBucket
    }

    /// What the leader writes to the application's databag; an empty value removes the key.
    public var applicationDatabag: [String: String] {
        [
            "secret-id": secretID ?? "",
            "secret-key": secretID == nil ? secretKey ?? "" : "",
            "celery-unit": celeryUnit?.description ?? "",
            "paused": pausedFor ?? "",
            "database-mark": databaseMark ?? "",
            "attachments": keepsFilesInBucket ? "s3" : "",
        ]
    }

    /// The content of the secret the key is kept in; nil while there is no key.
    public var secretContent: [String: String]? {
        secretKey.map { ["secret-key": $0] }
    }
}
