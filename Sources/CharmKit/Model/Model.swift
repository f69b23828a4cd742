// SPDX-License-Identifier: Apache-2.0

public import HookProtocol
import PebbleAPI

/// The world as one dispatch sees it.
///
/// Everything is fetched on first use and at most once. What is written is seen by later reads of the same dispatch,
/// and sent to the agent when the dispatch ends well: one call per databag, stored state and status. When a handler
/// throws, nothing gathered is sent.
public final class Model {
    /// The environment of the dispatch.
    public let environment: HookEnvironment
    /// What the unit remembers from one dispatch to the next.
    public let state: StoredState
    /// The charm's log in the model.
    public let log: Log

    let caller: ToolCaller
    let leadership: Leadership
    let relationStore: RelationStore
    let secretStore: SecretStore
    private let connect: (String) -> any PebbleConnection
    private var knownConfig: Config?
    private var knownContainers: [String: Container] = [:]
    private var knownNetworks: [String: NetworkInfo] = [:]
    private var knownGoalState: GoalState?
    private(set) var unitStatus: Status?
    private(set) var applicationStatus: Status?
    private var workloadVersion: String?
    private var wantedPorts: Set<PortRange>?
    var knownUnitStatus: ShownStatus?
    var knownCloud: Cloud?
    var wantedStorage: [String: Int] = [:]
    var wantsReboot = false
    let typesRead: TypesRead

    init(
        environment: HookEnvironment,
        tools: any HookTools,
        metadata: @escaping () throws -> CharmMetadata,
        connect: @escaping (String) -> any PebbleConnection,
        writeOutput: @escaping (String) -> Void,
        typesRead: TypesRead
    ) {
        self.environment = environment
        self.connect = connect
        self.typesRead = typesRead
        caller = ToolCaller(tools: tools)
        leadership = Leadership(caller: caller, event: environment.event)
        state = StoredState(caller: caller)
        log = Log(caller: caller, writeOutput: environment.event.isAction ? nil : writeOutput)
        secretStore = SecretStore(
            caller: caller,
            leadership: leadership,
            // Before 3.6 `secret-set` takes what a call leaves out as removed.
            keepsOmitted: environment.jujuVersion >= JujuVersion(major: 3, minor: 6)
        )
        relationStore = RelationStore(
            caller: caller,
            leadership: leadership,
            unit: environment.unit,
            event: environment.event,
            metadata: metadata
        )
    }

    /// This unit.
    public var unit: UnitName { environment.unit }
    /// This application's name.
    public var application: String { environment.unit.application }

    /// Whether this unit is the leader of its application.
    ///
    /// - Returns: True on the leader.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func isLeader() throws(HookToolError) -> Bool {
        try leadership.isLeader()
    }

    /// Reads the application's configuration.
    ///
    /// - Returns: The options that are set or have a default.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func config() throws(HookToolError) -> Config {
        if let knownConfig { return knownConfig }
        let config = Config(try caller.json(.configGet, ["--format=json"], as: [String: JSONValue]?.self) ?? [:])
        knownConfig = config
        return config
    }

    // MARK: - Relations

    /// Lists the relations of an endpoint, without one that is just being broken.
    ///
    /// - Parameter endpoint: The endpoint's name in the charm's metadata.
    /// - Returns: The relations, in the order they were made.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func relations(_ endpoint: String) throws(HookToolError) -> [Relation] {
        try relationStore.relations(of: endpoint)
    }

    /// Finds the one relation of an endpoint.
    ///
    /// - Parameter endpoint: The endpoint's name in the charm's metadata.
    /// - Returns: The relation, or nil when there is none.
    /// - Throws: ``DatabagError/severalRelations(endpoint:count:)`` when there are several; ``HookToolError`` when the
    ///   agent cannot tell.
    public func relation(_ endpoint: String) throws -> Relation? {
        let relations = try relations(endpoint)
        guard relations.count <= 1 else {
            throw DatabagError.severalRelations(endpoint: endpoint, count: relations.count)
        }
        return relations.first
    }

    // MARK: - Secrets

    /// Names a secret; asks nothing yet.
    ///
    /// - Parameters:
    ///   - id: The secret's URI, from a databag or option.
    ///   - label: A label to attach to it on the first read; later it can be found by the label alone.
    /// - Returns: The secret.
    public func secret(id: String, label: String? = nil) -> Secret {
        Secret(id: id, label: label, store: secretStore)
    }

    /// Names a secret by its label; asks nothing yet.
    ///
    /// - Parameter label: The label this unit or application gave it.
    /// - Returns: The secret.
    public func secret(label: String) -> Secret {
        Secret(id: nil, label: label, store: secretStore)
    }

    /// Creates a secret; it exists when the dispatch ends well.
    ///
    /// - Parameters:
    ///   - content: The values by key.
    ///   - owner: Who owns it.
    ///   - label: A label to find it by.
    ///   - description: What it is, for people.
    ///   - rotation: How often the owner is asked to rotate it.
    ///   - expiry: When it expires: a time as RFC 3339 text, or a duration from now as Juju writes it, such as `24h`.
    /// - Returns: The secret, with its id.
    /// - Throws: ``SecretError`` for content the agent would refuse, or for the application's secret on a unit that is
    ///   not the leader; ``HookToolError`` when the agent refuses.
    public func addSecret(
        _ content: [String: String],
        owner: SecretOwner = .application,
        label: String? = nil,
        description: String? = nil,
        rotation: SecretRotation? = nil,
        expiry: String? = nil
    ) throws -> Secret {
        try secretStore.add(
            content,
            owner: owner,
            label: label,
            description: description,
            rotation: rotation,
            expiry: expiry
        )
    }

    /// Lists the secrets this unit or its application owns.
    ///
    /// - Returns: Their URIs.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func ownedSecretIDs() throws(HookToolError) -> [String] {
        try secretStore.ownedIDs()
    }

    // MARK: - Status

    /// Sets the unit's status when the dispatch ends well; the last one set counts, but a collected one more.
    public func setUnitStatus(_ status: Status) {
        unitStatus = status
    }

    /// Sets the application's status when the dispatch ends well, on the leader.
    ///
    /// - Parameter status: The status.
    /// - Throws: ``HookToolError`` of kind ``HookToolError/Kind/notLeader`` when this unit is not the leader.
    public func setApplicationStatus(_ status: Status) throws(HookToolError) {
        guard try isLeader() else {
            throw HookToolError(kind: .notLeader, tool: .statusSet, message: "this unit is not the leader")
        }
        applicationStatus = status
    }

    /// Shows a status at once, for something that takes a while; the one set at the end replaces it.
    ///
    /// What was logged so far is sent as well, so that whoever waits sees both.
    ///
    /// - Parameter status: The status, usually maintenance.
    /// - Throws: ``HookToolError`` when the agent refuses.
    public func showUnitStatus(_ status: Status) throws(HookToolError) {
        log.flush()
        try send(status, application: false)
        knownUnitStatus = ShownStatus(status)
    }

    /// Sets the workload's version, shown in the model's status, when the dispatch ends well.
    public func setWorkloadVersion(_ version: String) {
        workloadVersion = version
    }

    // MARK: - Network

    /// Opens exactly these ports, and closes any other, when the dispatch ends well.
    ///
    /// - Parameter ports: The ports.
    public func setPorts(_ ports: some Sequence<PortRange>) {
        wantedPorts = Set(ports)
    }

    /// Reads the addresses of a binding.
    ///
    /// - Parameters:
    ///   - binding: An endpoint or extra binding of the charm's metadata.
    ///   - relation: The relation to look at it for, if any.
    /// - Returns: The addresses.
    /// - Throws: ``HookToolError`` when there is no such binding.
    public func network(_ binding: String, relation: Relation? = nil) throws(HookToolError) -> NetworkInfo {
        let which = relation.map { ["-r", String($0.id.number)] } ?? []
        let name = "\(binding) \(which.joined(separator: " "))"
        if let known = knownNetworks[name] { return known }
        let arguments = ["--format=json"] + which + [binding]
        let info = try caller.json(.networkGet, arguments, as: NetworkInfo.self, subject: binding)
        knownNetworks[name] = info
        return info
    }

    /// How many units the application shall have, without those on their way out; asks for the goal state.
    ///
    /// - Returns: The number, this unit included.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func plannedUnits() throws(HookToolError) -> Int {
        try goalState().plannedUnits
    }

    /// Reads what the model expects.
    ///
    /// - Returns: The goal state.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func goalState() throws(HookToolError) -> GoalState {
        if let knownGoalState { return knownGoalState }
        let goal = try caller.json(.goalState, ["--format=json"], as: GoalState.self)
        knownGoalState = goal
        return goal
    }

    // MARK: - Containers, storage, resources

    /// Names a container; connects on first use.
    ///
    /// - Parameter name: The container's name in the charm's metadata.
    /// - Returns: The container.
    public func container(_ name: String) -> Container {
        if let known = knownContainers[name] { return known }
        let container = Container(name: name, connection: connect(name))
        knownContainers[name] = container
        return container
    }

    /// Fetches a resource; a file is downloaded on first use, which can take long.
    ///
    /// - Parameter name: The resource's name in the charm's metadata.
    /// - Returns: The path of the file.
    /// - Throws: ``HookToolError`` when there is no such resource.
    public func resourcePath(_ name: String) throws(HookToolError) -> String {
        let output = try caller.run(.resourceGet, [name], subject: name).output
        return String(output.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// Lists the instances of a storage, as `name/index`.
    ///
    /// - Parameter name: The storage's name in the charm's metadata.
    /// - Returns: The instances' ids.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func storages(_ name: String) throws(HookToolError) -> [String] {
        try caller.json(.storageList, ["--format=json", name], as: [String].self, subject: name)
    }

    /// Reads where a storage instance is.
    ///
    /// - Parameter id: The instance's id, `name/index`.
    /// - Returns: The mount point, or the device of block storage.
    /// - Throws: ``HookToolError`` when there is no such instance.
    public func storageLocation(_ id: String) throws(HookToolError) -> String {
        let answer = try caller.json(.storageGet, ["--format=json", "-s", id], as: [String: String].self, subject: id)
        guard let location = answer["location"] else {
            throw HookToolError(kind: .malformedAnswer, tool: .storageGet, subject: id, message: "it has no location")
        }
        return location
    }

    // MARK: - Commit

    /// Sends what was gathered.
    ///
    /// Databags and state first: the agent keeps them until the dispatch ends well, so a
    /// refusal among them leaves no status that claims they were written.
    func commit() throws {
        try relationStore.commit()
        try relationStore.memorize()
        try state.commit()
        try commitPorts()
        if !wantedStorage.isEmpty {
            try caller.run(.storageAdd, wantedStorage.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        }
        if let workloadVersion { try caller.run(.applicationVersionSet, ["--", workloadVersion]) }
        if let applicationStatus { try send(applicationStatus, application: true) }
        if let unitStatus { try send(unitStatus, application: false) }
        if wantsReboot { try caller.run(.jujuReboot, []) }
    }

    /// Sends what was learned and nothing else, where the handlers did not come to their end and the event does not
    /// come again.
    func commitMemory() throws {
        state.discard()
        try relationStore.memorize()
        try state.commit()
    }

    private func commitPorts() throws {
        guard let wantedPorts else { return }
        let texts = try caller.json(.openedPorts, ["--format=json"], as: [String]?.self) ?? []
        let open = Set(texts.compactMap { PortRange($0) })
        for port in open.subtracting(wantedPorts).sorted() {
            try caller.run(.closePort, [port.description], subject: port.description)
        }
        for port in wantedPorts.subtracting(open).sorted() {
            try caller.run(.openPort, [port.description], subject: port.description)
        }
    }

    private func send(_ status: Status, application: Bool) throws(HookToolError) {
        let scope = "--application=\(application ? "True" : "False")"
        try caller.run(.statusSet, [scope, status.kind.rawValue, "--", status.message])
    }
}
