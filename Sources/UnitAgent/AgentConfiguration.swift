// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// Everything a unit agent is told from outside: where things are and who the unit is.
///
/// ```swift
/// var configuration = AgentConfiguration(
///     agentDirectory: "/var/lib/example/agent",
///     charmDirectory: "/var/lib/example/charm",
///     toolsDirectory: "/var/lib/example/tools",
///     containersDirectory: "/var/lib/example/pebble",
///     application: "example"
/// )
/// configuration.environment["EXAMPLE_ROOT"] = "/var/lib/example/root"
/// ```
public struct AgentConfiguration: Sendable, Equatable {
    /// The unpacked charm: `dispatch`, `metadata.yaml`, `config.yaml`, `actions.yaml`, `version`.
    public var charmDirectory: String
    /// The directory of hook tools that is put first on the charm's `PATH`.
    public var toolsDirectory: String
    /// The one executable all hook tools are; when given, the agent keeps a symbolic link to it for every tool.
    public var hookToolExecutable: String?
    /// The SQLite file of the model.
    public var databasePath: String
    /// The socket hook tools talk to.
    public var hookSocketPath: String
    /// The socket of ``AgentControlClient``.
    public var controlSocketPath: String
    /// The debug log.
    public var debugLogPath: String
    /// The directory that holds `NAME/pebble.socket` for each container of the charm.
    public var containersDirectory: String
    /// The directory in which storage instances get theirs.
    public var storageDirectory: String
    /// Files served by `resource-get`, by resource name, until another is attached.
    public var resources: [String: String]
    /// The directory in which attached resources are kept.
    public var resourcesDirectory: String

    /// The name of the model.
    public var modelName: String
    /// The UUID of the model; `nil` has one made at the first start and kept.
    public var modelUUID: String?
    /// The name of the application.
    public var application: String
    /// The number of the unit.
    public var unitNumber: Int
    /// The version given as `JUJU_VERSION`: what the hook tools behave like.
    public var jujuVersion: String
    /// The address at which the unit is reached.
    public var address: String
    /// Variables added to the charm's environment.
    public var environment: [String: String]
    /// What `credential-get` answers, an object as Juju's; nil for an application that is not trusted with the cloud's
    /// credential.
    public var cloud: JSONValue?
    /// The command that restarts the machine when the charm asks for it by `juju-reboot`; nil has the tool refuse.
    ///
    /// It runs with the agent's own rights and nothing but `PATH`. When it has ended with 0 the agent ends too, and
    /// whatever starts it at boot goes on: after `juju-reboot --now` with the same hook.
    public var rebootCommand: [String]?
    /// How long the unit stays idle between two `update-status` hooks.
    public var updateStatusInterval: Duration
    /// How often a container is asked whether its Pebble has restarted.
    public var workloadPollInterval: Duration
    /// Whether a failed hook is run again by itself (Juju's `automatically-retry-hooks`); otherwise it waits for
    /// ``AgentControlClient/resolved(retry:)``.
    public var retriesHooks: Bool
    /// The first delay before a failed hook is tried again; it doubles, with jitter, up to five minutes.
    public var firstRetryDelay: Duration
    /// How long a running hook may still take once the agent is asked to stop; then it is killed, and run again by the
    /// next agent.
    ///
    /// Whoever supervises the agent must give it a few seconds more.
    public var shutdownGrace: Duration

    /// Creates a configuration with every file of the agent in one directory.
    ///
    /// - Parameters:
    ///   - agentDirectory: The directory of the agent's own files; made when it is missing, with mode 0700.
    ///   - charmDirectory: The unpacked charm.
    ///   - toolsDirectory: The directory of hook tools.
    ///   - containersDirectory: The directory that holds `NAME/pebble.socket` for each container.
    ///   - application: The name of the application.
    public init(
        agentDirectory: String,
        charmDirectory: String,
        toolsDirectory: String,
        containersDirectory: String,
        application: String
    ) {
        self.charmDirectory = charmDirectory
        self.toolsDirectory = toolsDirectory
        self.hookToolExecutable = nil
        self.databasePath = agentDirectory + "/model.sqlite"
        self.hookSocketPath = agentDirectory + "/hook.sock"
        self.controlSocketPath = agentDirectory + "/control.sock"
        self.debugLogPath = agentDirectory + "/debug.log"
        self.containersDirectory = containersDirectory
        self.storageDirectory = agentDirectory + "/storage"
        self.resources = [:]
        self.resourcesDirectory = agentDirectory + "/resources"
        self.modelName = "local"
        self.modelUUID = nil
        self.application = application
        self.unitNumber = 0
        self.jujuVersion = "3.6.9"
        self.address = "127.0.0.1"
        self.environment = [:]
        self.cloud = nil
        self.rebootCommand = nil
        self.updateStatusInterval = .seconds(300)
        self.workloadPollInterval = .seconds(2)
        self.retriesHooks = true
        self.firstRetryDelay = .seconds(5)
        self.shutdownGrace = .seconds(20)
    }

    /// The name of the unit, such as `example/0`.
    public var unitName: String { "\(application)/\(unitNumber)" }
}
