// SPDX-License-Identifier: Apache-2.0

public import CharmKit
public import PebbleAPI
public import PebblePlan

/// One container of a stated world.
public struct ContainerState: Sendable {
    /// Whether Pebble answers.
    public var canConnect: Bool
    /// The layers of the plan, the lowest first.
    public var layers: [Layer]
    /// The services that run, each with the configuration it was started with.
    public var running: [String: Service]
    /// Services that exit as soon as they are started.
    public var failingServices: Set<String> = []
    /// The boot id, which changes when Pebble starts again.
    public var bootID = "boot-1"
    /// What is at each path.
    public var files: [String: FileState]
    /// What checks say; one that is not named is up.
    public var checkStatuses: [String: CheckStatus] = [:]
    /// What commands do; nil for one that does not exist.
    public var execute: @Sendable (ExecCommand) -> ExecResult? = { _ in nil }
    /// The notices recorded by the charm, by key, with their data.
    public var notices: [String: [String: String]] = [:]

    /// Creates a container.
    ///
    /// - Parameters:
    ///   - canConnect: Whether Pebble answers.
    ///   - layers: The layers of the plan, the lowest first.
    ///   - running: The services that run, with the configuration the layers give them.
    ///   - files: What is at each path; parent directories are there by themselves.
    ///   - execute: What commands do; nil for one that does not exist.
    /// - Throws: `PlanError` when the layers do not combine.
    public init(
        canConnect: Bool = true,
        layers: [Layer] = [],
        running: Set<String> = [],
        files: [String: FileState] = [:],
        execute: @escaping @Sendable (ExecCommand) -> ExecResult? = { _ in nil }
    ) throws(PlanError) {
        self.canConnect = canConnect
        self.layers = layers
        self.files = files
        self.execute = execute
        self.running = try Plan.combine(layers).services.filter { running.contains($0.key) }
    }

    /// A container whose Pebble does not answer.
    public static var notReachable: ContainerState {
        var state = ContainerState()
        state.canConnect = false
        return state
    }

    /// A container that has started and holds nothing yet.
    public static var fresh: ContainerState { ContainerState() }

    private init() {
        canConnect = true
        layers = []
        files = [:]
        running = [:]
    }

    /// The combined plan.
    ///
    /// - Returns: The plan.
    /// - Throws: `PlanError` when the layers do not combine.
    public func plan() throws(PlanError) -> Plan {
        try Plan.combine(layers)
    }

    /// The text of a file; nil when there is none.
    public func text(_ path: String) -> String? {
        files[path].map { String(decoding: $0.content, as: UTF8.self) }
    }
}

/// What is at a path of a stated container.
public struct FileState: Sendable, Hashable {
    /// Whether it is a directory.
    public var isDirectory: Bool
    /// The content of a file.
    public var content: [UInt8]
    /// The permission bits.
    public var permissions: UInt16
    /// Who owns it.
    public var ownership: Ownership

    /// Creates a file or directory.
    public init(
        isDirectory: Bool = false,
        content: [UInt8] = [],
        permissions: UInt16 = 0o644,
        ownership: Ownership = Ownership(userID: 0, user: "root", groupID: 0, group: "root")
    ) {
        self.isDirectory = isDirectory
        self.content = content
        self.permissions = permissions
        self.ownership = ownership
    }

    /// A text file.
    public static func text(_ text: String, permissions: UInt16 = 0o644) -> FileState {
        FileState(content: Array(text.utf8), permissions: permissions)
    }

    /// A directory.
    public static func directory(
        permissions: UInt16 = 0o755,
        ownership: Ownership = Ownership(userID: 0, user: "root", groupID: 0, group: "root")
    ) -> FileState {
        FileState(isDirectory: true, permissions: permissions, ownership: ownership)
    }
}
