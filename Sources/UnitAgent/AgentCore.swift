// SPDX-License-Identifier: Apache-2.0
import Glibc
import HookProtocol
import LinuxSupport
import PebbleAPI
import Synchronization

/// What the parts of a running agent share: the model on disk, and what is in memory only.
final class AgentCore: Sendable {
    let configuration: AgentConfiguration
    let store: ModelStore
    let log: DebugLog
    let now: @Sendable () -> Timestamp
    /// Signals each change of the model or of what is in memory.
    let changes = ChangeSignal()
    let memory: Mutex<AgentMemory>
    private let deployed: Mutex<DeployedCharm>
    /// The boot of the machine.
    let hostBoot: String
    private let lock: AgentLock

    /// Who the unit is; its charm is another after ``loadCharm()``.
    var unit: UnitIdentity { deployed.withLock { $0.unit } }
    var charm: CharmDescription { unit.charm }
    /// The fingerprint of the charm on disk, as it was read last.
    var charmFingerprint: String { deployed.withLock { $0.fingerprint } }

    /// Opens the agent's files and makes the model what the charm and the configuration say it is.
    ///
    /// - Throws: When another agent uses them, or the charm or the model cannot be read.
    init(
        configuration: AgentConfiguration,
        observer: StoreObserver? = nil,
        now: @escaping @Sendable () -> Timestamp
    ) throws {
        self.configuration = configuration
        self.now = now
        for path in [configuration.databasePath, configuration.hookSocketPath, configuration.debugLogPath] {
            try makeDirectory(parent(path))
        }
        lock = try AgentLock(path: configuration.databasePath + ".lock")
        log = try DebugLog(path: configuration.debugLogPath, unit: configuration.unitName, now: now)
        store = try ModelStore(path: configuration.databasePath, observer: observer)
        try CharmDeployment(directory: configuration.charmDirectory).recover()
        let charm = try CharmDescription(directory: configuration.charmDirectory)
        let fingerprint = try CharmFingerprint.of(directory: configuration.charmDirectory)
        hostBoot = try Machine.bootID()
        guard JujuVersion(configuration.jujuVersion) != nil else {
            throw CharmError(message: "\"\(configuration.jujuVersion)\" is not a version of Juju")
        }
        let uuid = try store.write { model in
            if configuration.startsAsFollower, try model.fact(.modelUUID) == nil { try model.stepDown() }
            let uuid = try configuration.modelUUID ?? model.fact(.modelUUID) ?? newUUID()
            try model.setFact(.modelUUID, uuid)
            return uuid
        }
        let unit = UnitIdentity(
            unit: UnitName(application: configuration.application, number: configuration.unitNumber),
            modelName: configuration.modelName,
            modelUUID: uuid,
            jujuVersion: configuration.jujuVersion,
            address: configuration.address,
            charm: charm,
            storageDirectory: configuration.storageDirectory,
            resources: configuration.resources,
            cloud: configuration.cloud,
            canReboot: configuration.rebootCommand != nil
        )
        deployed = Mutex(DeployedCharm(unit: unit, fingerprint: fingerprint))
        memory = Mutex(AgentMemory(time: now(), containers: charm.containers))
        let time = now()
        try store.write { model in
            try model.prepare(unit, at: time)
            try model.failInterruptedTask()
        }
    }

    /// Reads the charm on disk anew, and makes the model what it says it is.
    func loadCharm() throws {
        let charm = try CharmDescription(directory: configuration.charmDirectory)
        let fingerprint = try CharmFingerprint.of(directory: configuration.charmDirectory)
        var unit = unit
        unit.charm = charm
        let (renewed, time) = (unit, now())
        try store.write { try $0.prepare(renewed, at: time) }
        deployed.withLock { $0 = DeployedCharm(unit: renewed, fingerprint: fingerprint) }
        memory.withLock { memory in
            memory.containers = Dictionary(
                uniqueKeysWithValues: charm.containers.map { ($0, memory.containers[$0] ?? AgentMemory.Container()) }
            )
            memory.workloadEvents.removeAll { !charm.containers.contains($0.container) }
        }
    }

    /// The hash of the configuration the charm would be told now.
    func configHash(_ model: Model) throws -> String { try configHash(user: model.userConfig()) }

    /// The hash of the configuration the charm has with these options set.
    func configHash(user: [String: ConfigValue]) throws -> String {
        let values = charm.effectiveConfig(user: user)
        var hash = ContentHash()
        hash.add(try AgentJSON.encode(values))
        hash.add(unit.address.utf8)
        return hash.text
    }

    /// Writes a line of the agent itself to the debug log.
    func note(_ level: LogLevel, _ message: String) { log.write(level, "juju.worker.uniter", message) }
}

/// The charm that runs.
private struct DeployedCharm: Sendable {
    var unit: UnitIdentity
    var fingerprint: String
}

/// What an agent remembers only while it runs.
struct AgentMemory: Sendable {
    /// What is known of a container.
    struct Container: Sendable, Equatable {
        var isReachable = false
        /// The boot of its Pebble the charm has been told of.
        var toldBootID: String?
    }

    /// Failures in a row of the pending hook.
    var failures = 0
    /// When the failed hook is run again.
    var retryAt: Timestamp
    /// Asked by an operator: whether the failed hook is run again now, or taken as done.
    var resolution: Resolution?
    /// Whether config-changed has run since the agent started.
    var isConfigTold = false
    var lastUpdateStatus: Timestamp
    var workloadEvents: [WorkloadEvent] = []
    var containers: [String: Container]
    var agentStatus: EntityStatus
    /// The task that runs, and how to kill it.
    var runningTask: (id: Int, cancel: @Sendable () -> Void)?
    /// How to kill the hook that runs.
    var cancelHook: (@Sendable () -> Void)?
    /// The task an operator has cancelled last.
    var cancelledTask: Int?
    /// Whether the loop begins no more hooks.
    var isStopping = false
    /// The operator's session that runs hooks by hand.
    var debugSession: DebugSession?

    /// What an operator says about a failed hook.
    enum Resolution: Sendable {
        case retry
        case skip
    }

    init(time: Timestamp, containers: [String]) {
        retryAt = time
        lastUpdateStatus = time
        self.containers = Dictionary(uniqueKeysWithValues: containers.map { ($0, Container()) })
        agentStatus = EntityStatus(status: "allocating", message: "", since: time.description)
    }
}

extension Model {
    /// Brings the model in line with the charm: peer relations and storages that ought to be there.
    fileprivate func prepare(_ unit: UnitIdentity, at time: Timestamp) throws {
        let related = Set(try relations().map(\.id.endpoint))
        for endpoint in unit.charm.endpoints where endpoint.role == .peers && !related.contains(endpoint.name) {
            _ = try addRelation(
                endpoint: endpoint.name,
                interface: endpoint.interface,
                remote: unit.application,
                isPeer: true,
                unit: unit.unitName,
                address: unit.address
            )
        }
        for storage in unit.charm.storages {
            // A unit that is being removed gets back nothing that was taken from it.
            let used = try storages().filter { $0.name == storage.name }.count
            let first = try nextStorageIndex(storage.name)
            for index in first..<(first + max(0, try flag(.dying) ? 0 : storage.minimumCount - used)) {
                try addStorage(
                    id: "\(storage.name)/\(index)",
                    name: storage.name,
                    location: "\(unit.storageDirectory)/\(storage.name)/\(index)",
                    kind: storage.kind
                )
            }
        }
        if try status(of: unit.unitName) == nil {
            try setStatus(of: unit.unitName, "maintenance", Self.installing, at: time)
        }
    }

    /// Ends an action a former agent did not.
    ///
    /// It is never run twice: the operator decides whether the first run did what it should.
    fileprivate func failInterruptedTask() throws {
        if let id = try fact(.runningTask).flatMap({ Int($0) }) {
            try setTask(id, status: .failed, message: "action terminated: the agent was killed while it ran")
            try setFact(.runningTask, nil)
        }
    }

    /// The message of a unit whose charm has said nothing yet.
    static let installing = "installing charm software"
}

/// A lock on the agent's files: a second agent on the same ones is refused.
final class AgentLock: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open \(path)") }
        // More than once: a process that an agent which just ended was starting may hold it for an instant longer.
        var number: Int32 = 0
        for attempt in 0..<25 {
            if attempt > 0 { usleep(20_000) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            number = errno
            if number != EWOULDBLOCK { throw SystemError(number: number, operation: "lock \(path)") }
        }
        throw CharmError(message: "another agent holds \(path); stop it first")
    }

    deinit { close(descriptor) }
}

/// Makes a directory and those above it, for the owner only.
func makeDirectory(_ path: String) throws(SystemError) {
    var status = stat()
    if path.isEmpty || stat(path, &status) == 0 { return }
    try makeDirectory(parent(path))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("make the directory \(path)") }
}

private func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}

/// A random UUID, version 4.
private func newUUID() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    var rest = digits[...]
    return [8, 4, 4, 4, 12].map { count in
        defer { rest = rest.dropFirst(count) }
        return String(rest.prefix(count))
    }.joined(separator: "-")
}
