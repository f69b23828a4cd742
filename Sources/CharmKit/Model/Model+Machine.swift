// SPDX-License-Identifier: Apache-2.0

/// What a reboot was asked for.
public enum RebootError: Error, Hashable, CustomStringConvertible {
    /// An action may not reboot the machine.
    case inAction
    /// The machine is rebooted now; the hook ends and runs again afterwards.
    ///
    /// Thrown by ``Model/rebootNow()``. Out of a handler it ends the dispatch: what was gathered is not sent.
    case now

    /// What happened, in words.
    public var description: String {
        switch self {
        case .inAction: "cannot reboot the machine: an action may not"
        case .now: "the machine is being rebooted"
        }
    }
}

extension Model {
    // MARK: - Machine

    /// Has the machine rebooted once this hook has ended well (`juju-reboot`); on machines only.
    ///
    /// - Throws: ``RebootError/inAction`` in an action.
    public func rebootAfterHook() throws(RebootError) {
        guard !environment.event.isAction else { throw .inAction }
        wantsReboot = true
    }

    /// Has the machine rebooted at once (`juju-reboot --now`): nothing gathered is sent, and the hook runs again after it.
    ///
    /// - Throws: ``RebootError/now``, always, so that nothing of the handler runs after it; ``RebootError/inAction`` in
    ///   an action; ``HookToolError`` when the agent refuses.
    public func rebootNow() throws {
        guard !environment.event.isAction else { throw RebootError.inAction }
        log.flush()
        try caller.run(.jujuReboot, ["--now"])
        throw RebootError.now
    }

    /// Reads one address of the unit (`unit-get`); superseded by ``network(_:relation:)``, for charms that still use it.
    ///
    /// - Parameter kind: Which address.
    /// - Returns: The address, or a name.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func address(_ kind: UnitAddress) throws(HookToolError) -> String {
        try caller.json(.unitGet, [kind.rawValue, "--format=json"], as: String.self, subject: kind.rawValue)
    }

    /// Reads the cloud's credential (`credential-get`): for an application trusted with it, on machines only.
    ///
    /// - Returns: The cloud and its credential.
    /// - Throws: ``HookToolError``, of kind ``HookToolError/Kind/accessDenied`` without `juju trust`.
    public func cloud() throws(HookToolError) -> Cloud {
        if let knownCloud { return knownCloud }
        let cloud = try caller.json(.credentialGet, ["--format=json"], as: Cloud.self)
        knownCloud = cloud
        return cloud
    }

    // MARK: - Storage

    /// Asks for more instances of a storage when the dispatch ends well (`storage-add`).
    ///
    /// The storage must be declared with `multiple`; `NAME-storage-attached` tells of each instance later.
    ///
    /// - Parameters:
    ///   - name: The storage's name in the charm's metadata.
    ///   - count: How many more, at least 1; asked twice in a dispatch, the numbers add up.
    public func addStorage(_ name: String, count: Int = 1) {
        precondition(count > 0, "a charm asks for at least one more instance of storage \(name), not \(count)")
        wantedStorage[name, default: 0] += count
    }

    // MARK: - Leader settings

    /// Reads what the leader told the other units (`leader-get`); Juju 3 and earlier, superseded by peer relations.
    ///
    /// - Returns: The settings.
    /// - Throws: ``HookToolError``, of kind ``HookToolError/Kind/unavailable`` with Juju 4, which has no such tool.
    public func leaderSettings() throws(HookToolError) -> [String: String] {
        try caller.json(.leaderGet, ["--format=json"], as: [String: String]?.self) ?? [:]
    }

    /// Tells the other units something (`leader-set`), at once and also when the hook fails; Juju 3 and earlier.
    ///
    /// - Parameter values: The settings; an empty value removes the key.
    /// - Throws: ``HookToolError``, of kind ``HookToolError/Kind/notLeader`` on a unit that does not lead.
    public func setLeaderSettings(_ values: [String: String]) throws(HookToolError) {
        guard try isLeader() else {
            throw HookToolError(kind: .notLeader, tool: .leaderSet, message: "this unit is not the leader")
        }
        guard !values.isEmpty else { return }
        try caller.run(.leaderSet, values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
    }

    // MARK: - Status

    /// Reads the unit's status as the model shows it (`status-get`); one set in this dispatch counts already.
    ///
    /// - Returns: The status; after a failed hook its word may be `error`, before the first one `unknown`.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func shownUnitStatus() throws(HookToolError) -> ShownStatus {
        if let unitStatus { return ShownStatus(unitStatus) }
        if let knownUnitStatus { return knownUnitStatus }
        let arguments = ["--include-data", "--format=json", "--application=false"]
        let status = try caller.json(.statusGet, arguments, as: ShownStatus.self)
        knownUnitStatus = status
        return status
    }

    /// Reads the application's status as the model shows it (`status-get --application`), on the leader.
    ///
    /// - Returns: The status.
    /// - Throws: ``HookToolError`` of kind ``HookToolError/Kind/notLeader`` when this unit is not the leader.
    public func shownApplicationStatus() throws(HookToolError) -> ShownStatus {
        guard try isLeader() else {
            throw HookToolError(kind: .notLeader, tool: .statusGet, message: "this unit is not the leader")
        }
        if let applicationStatus { return ShownStatus(applicationStatus) }
        let arguments = ["--include-data", "--format=json", "--application=true"]
        return try caller.json(.statusGet, arguments, as: [String: ShownStatus].self)["application-status"]
            ?? ShownStatus(word: "unknown", message: "")
    }
}

/// Which address of a unit.
public enum UnitAddress: String, Sendable, Hashable, CaseIterable {
    /// The one within the cloud.
    case privateAddress = "private-address"
    /// The one from outside.
    case publicAddress = "public-address"
}

/// A status as the model shows it, which may be one a charm cannot set.
public struct ShownStatus: Sendable, Hashable, Decodable {
    /// The status' word: one of ``Status/Kind``, or `unknown`, `error`, `terminated`.
    public let word: String
    /// The message beside it.
    public let message: String

    /// Creates a status.
    public init(word: String, message: String) {
        self.word = word
        self.message = message
    }

    init(_ status: Status) {
        self.init(word: status.kind.rawValue, message: status.message)
    }

    /// The status as one a charm could set; nil for `unknown`, `error` and `terminated`.
    public var status: Status? { Status.Kind(rawValue: word).map { Status($0, message) } }

    private enum CodingKeys: String, CodingKey {
        case word = "status"
        case message
    }
}

/// A cloud and what to authenticate with there, as `credential-get` tells it.
public struct Cloud: Sendable, Hashable, Decodable {
    /// What to authenticate with.
    public struct Credential: Sendable, Hashable, Decodable, CustomStringConvertible {
        /// The kind of authentication, for example `access-key`.
        public let authType: String
        /// Its secrets and parameters by name.
        public let attributes: [String: String]

        /// The kind of authentication; never the attributes, which are secret.
        public var description: String { "credential of type \(authType)" }

        private enum CodingKeys: String, CodingKey {
            case authType = "auth-type"
            case attributes = "attrs"
        }

        /// Reads the answer of `credential-get`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            authType = try container.decode(String.self, forKey: .authType)
            attributes = try container.decodeIfPresent([String: String].self, forKey: .attributes) ?? [:]
        }
    }

    /// The kind of cloud, for example `lxd` or `ec2`.
    public let type: String
    /// The cloud's name in the controller.
    public let name: String
    /// The region, where the cloud has some.
    public let region: String?
    /// Where its API is.
    public let endpoint: String?
    /// What to authenticate with; nil when the cloud needs nothing.
    public let credential: Credential?
    /// Certificates to trust there, as PEM.
    public let caCertificates: [String]?

    private enum CodingKeys: String, CodingKey {
        case type
        case name
        case region
        case endpoint
        case credential
        case caCertificates = "cacertificates"
    }
}
