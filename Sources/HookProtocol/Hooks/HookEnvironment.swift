// SPDX-License-Identifier: Apache-2.0

/// The environment a unit agent gives a dispatch, as a value: the charm parses it, the agent builds it.
///
/// Values of variables that Juju sets but leaves empty are the empty string or nil here; ``init(variables:)`` treats
/// the two alike.
public struct HookEnvironment: Sendable, Hashable {
    /// Why the charm is dispatched.
    public var event: HookEvent
    /// The id that hook tools must present (`JUJU_CONTEXT_ID`).
    public var contextID: String
    /// Where the agent listens for hook tools (`JUJU_AGENT_SOCKET_ADDRESS`); empty when not given.
    public var agentSocket: String
    /// Whether the agent takes frames of this library on its socket (`JUJU_HOOK_TOOLS_NATIVE=1`); Juju's does not.
    public var offersNativeHookTools: Bool
    /// The unpacked charm's directory (`JUJU_CHARM_DIR`).
    public var charmDirectory: String
    /// Where each container's Pebble socket lies, as `<directory>/<container>/pebble.socket`.
    ///
    /// `/charm/containers` unless `CHARM_CONTAINERS_DIR` says otherwise.
    public var containersDirectory: String
    /// This unit (`JUJU_UNIT_NAME`).
    public var unit: UnitName
    /// The model's name and id.
    public var model: ModelIdentity
    /// The agent's version (`JUJU_VERSION`).
    public var jujuVersion: JujuVersion
    /// The machine's id, empty on Kubernetes (`JUJU_MACHINE_ID`).
    public var machineID: String
    /// The principal unit when this is a subordinate (`JUJU_PRINCIPAL_UNIT`).
    public var principalUnit: UnitName?
    /// The model's proxies for charms (`JUJU_CHARM_…_PROXY`).
    public var proxies: ProxySettings
    /// The search path for executables, with the hook tools' directory first (`PATH`).
    public var path: String
    /// Further variables, by name: set by the agent as they are, and on the charm's side all that were found.
    public var additional: [String: String]

    /// Where container sockets lie unless the environment says otherwise.
    public static let defaultContainersDirectory = "/charm/containers"

    /// Creates an environment, on the agent's side.
    public init(
        event: HookEvent,
        contextID: String,
        agentSocket: String,
        offersNativeHookTools: Bool = true,
        charmDirectory: String,
        containersDirectory: String = Self.defaultContainersDirectory,
        unit: UnitName,
        model: ModelIdentity,
        jujuVersion: JujuVersion,
        machineID: String = "",
        principalUnit: UnitName? = nil,
        proxies: ProxySettings = ProxySettings(),
        path: String,
        additional: [String: String] = [:]
    ) {
        self.event = event
        self.contextID = contextID
        self.agentSocket = agentSocket
        self.offersNativeHookTools = offersNativeHookTools
        self.charmDirectory = charmDirectory
        self.containersDirectory = containersDirectory
        self.unit = unit
        self.model = model
        self.jujuVersion = jujuVersion
        self.machineID = machineID
        self.principalUnit = principalUnit
        self.proxies = proxies
        self.path = path
        self.additional = additional
    }

    /// Parses an environment, on the charm's side.
    ///
    /// - Parameter variables: The environment the process was started with.
    /// - Throws: ``HookEnvironmentError`` naming the variable that is missing or malformed.
    public init(variables: [String: String]) throws(HookEnvironmentError) {
        let reader = VariableReader(variables: variables)
        guard let unit = try reader.unit("JUJU_UNIT_NAME") else { throw .missing(variable: "JUJU_UNIT_NAME") }
        let version = try reader.required("JUJU_VERSION")
        guard let jujuVersion = JujuVersion(version) else { throw .malformed(variable: "JUJU_VERSION", value: version) }
        self.init(
            event: try HookEvent(variables: variables),
            contextID: reader.optional("JUJU_CONTEXT_ID") ?? "",
            agentSocket: reader.optional("JUJU_AGENT_SOCKET_ADDRESS") ?? "",
            offersNativeHookTools: variables["JUJU_HOOK_TOOLS_NATIVE"] == "1",
            charmDirectory: reader.optional("JUJU_CHARM_DIR") ?? reader.optional("CHARM_DIR") ?? ".",
            containersDirectory: reader.optional("CHARM_CONTAINERS_DIR") ?? Self.defaultContainersDirectory,
            unit: unit,
            model: ModelIdentity(
                name: try reader.required("JUJU_MODEL_NAME"),
                uuid: try reader.required("JUJU_MODEL_UUID")
            ),
            jujuVersion: jujuVersion,
            machineID: reader.optional("JUJU_MACHINE_ID") ?? "",
            principalUnit: try reader.unit("JUJU_PRINCIPAL_UNIT"),
            proxies: ProxySettings(variables: variables),
            path: reader.optional("PATH") ?? "",
            additional: variables
        )
    }

    /// The socket of a container's Pebble.
    ///
    /// - Parameter container: The container's name in the charm's metadata.
    /// - Returns: The socket's path.
    public func pebbleSocket(container: String) -> String {
        "\(containersDirectory)/\(container)/pebble.socket"
    }

    /// The variables to start the charm's dispatch with, and no others.
    public var variables: [String: String] {
        var variables = additional
        variables.merge(event.variables) { $1 }
        variables.merge(proxies.variables) { $1 }
        variables.merge(
            [
                "JUJU_DISPATCH_PATH": event.dispatchPath,
                // Empty for actions: charms tell the two apart by it.
                "JUJU_HOOK_NAME": event.isAction ? "" : event.name,
                "JUJU_CONTEXT_ID": contextID,
                "JUJU_AGENT_SOCKET_ADDRESS": agentSocket,
                "JUJU_AGENT_SOCKET_NETWORK": "unix",
                "JUJU_CHARM_DIR": charmDirectory,
                "CHARM_DIR": charmDirectory,
                "JUJU_UNIT_NAME": unit.description,
                "JUJU_MODEL_NAME": model.name,
                "JUJU_MODEL_UUID": model.uuid,
                "JUJU_VERSION": jujuVersion.description,
                "JUJU_MACHINE_ID": machineID,
                "JUJU_PRINCIPAL_UNIT": principalUnit?.description ?? "",
                "PATH": path,
            ]
        ) { $1 }
        variables.merge(["JUJU_API_ADDRESSES": "", "JUJU_AVAILABILITY_ZONE": "", "CLOUD_API_VERSION": ""]) { old, _ in
            old
        }
        variables.merge(["LANG": "C.UTF-8", "TERM": "tmux-256color"]) { old, _ in old }
        if offersNativeHookTools { variables["JUJU_HOOK_TOOLS_NATIVE"] = "1" }
        if containersDirectory != Self.defaultContainersDirectory {
            variables["CHARM_CONTAINERS_DIR"] = containersDirectory
        }
        return variables
    }
}

/// The model a unit belongs to.
public struct ModelIdentity: Sendable, Hashable {
    /// The model's name.
    public var name: String
    /// The model's id.
    public var uuid: String

    /// Creates the identity of a model.
    public init(name: String, uuid: String) {
        self.name = name
        self.uuid = uuid
    }
}

/// The proxies a model asks its charms to use; nil when the model sets none.
public struct ProxySettings: Sendable, Hashable {
    /// The proxy for plain HTTP.
    public var http: String?
    /// The proxy for HTTPS.
    public var https: String?
    /// The proxy for FTP.
    public var ftp: String?
    /// Hosts to reach without a proxy, separated by commas.
    public var none: String?

    /// Creates proxy settings.
    public init(http: String? = nil, https: String? = nil, ftp: String? = nil, none: String? = nil) {
        self.http = http
        self.https = https
        self.ftp = ftp
        self.none = none
    }

    init(variables: [String: String]) {
        let reader = VariableReader(variables: variables)
        self.init(
            http: reader.optional("JUJU_CHARM_HTTP_PROXY"),
            https: reader.optional("JUJU_CHARM_HTTPS_PROXY"),
            ftp: reader.optional("JUJU_CHARM_FTP_PROXY"),
            none: reader.optional("JUJU_CHARM_NO_PROXY")
        )
    }

    /// The variables for these settings; Juju sets them all, empty ones too.
    var variables: [String: String] {
        [
            "JUJU_CHARM_HTTP_PROXY": http ?? "", "JUJU_CHARM_HTTPS_PROXY": https ?? "",
            "JUJU_CHARM_FTP_PROXY": ftp ?? "", "JUJU_CHARM_NO_PROXY": none ?? "",
        ]
    }
}
