// SPDX-License-Identifier: Apache-2.0

/// The hook tools a unit agent offers a charm, by the name they are called by.
public enum ToolName: String, Sendable, Hashable, CaseIterable {
    /// Marks the running action as failed.
    case actionFail = "action-fail"
    /// Reads the running action's parameters.
    case actionGet = "action-get"
    /// Writes a progress line of the running action.
    case actionLog = "action-log"
    /// Sets results of the running action.
    case actionSet = "action-set"
    /// Sets the workload version shown in status.
    case applicationVersionSet = "application-version-set"
    /// Closes ports.
    case closePort = "close-port"
    /// Reads the application's configuration.
    case configGet = "config-get"
    /// Reads the cloud credential of a trusted application.
    case credentialGet = "credential-get"
    /// Reads which units and relations are expected.
    case goalState = "goal-state"
    /// Asks for leadership.
    case isLeader = "is-leader"
    /// Writes to the model's log.
    case jujuLog = "juju-log"
    /// Asks for a reboot of the machine.
    case jujuReboot = "juju-reboot"
    /// Reads leader settings (Juju 3 and earlier).
    case leaderGet = "leader-get"
    /// Writes leader settings (Juju 3 and earlier).
    case leaderSet = "leader-set"
    /// Reads the addresses of a binding.
    case networkGet = "network-get"
    /// Opens ports.
    case openPort = "open-port"
    /// Lists the ports that are open.
    case openedPorts = "opened-ports"
    /// Reads a databag.
    case relationGet = "relation-get"
    /// Lists the relations of an endpoint.
    case relationIDs = "relation-ids"
    /// Lists the units of a relation.
    case relationList = "relation-list"
    /// Reads the model at the other end of a relation.
    case relationModelGet = "relation-model-get"
    /// Writes an own databag.
    case relationSet = "relation-set"
    /// Fetches a resource and prints its path.
    case resourceGet = "resource-get"
    /// Creates a secret.
    case secretAdd = "secret-add"
    /// Reads a secret's content.
    case secretGet = "secret-get"
    /// Lets a relation's other side read a secret.
    case secretGrant = "secret-grant"
    /// Lists the secrets this unit or application owns.
    case secretIDs = "secret-ids"
    /// Reads the metadata of an owned secret.
    case secretInfoGet = "secret-info-get"
    /// Removes an owned secret.
    case secretRemove = "secret-remove"
    /// Takes a grant back.
    case secretRevoke = "secret-revoke"
    /// Changes an owned secret.
    case secretSet = "secret-set"
    /// Removes a key of the unit's stored state.
    case stateDelete = "state-delete"
    /// Reads the unit's stored state.
    case stateGet = "state-get"
    /// Writes the unit's stored state.
    case stateSet = "state-set"
    /// Reads the status of the unit or application.
    case statusGet = "status-get"
    /// Sets the status of the unit or application.
    case statusSet = "status-set"
    /// Asks for more storage.
    case storageAdd = "storage-add"
    /// Reads one storage instance.
    case storageGet = "storage-get"
    /// Lists storage instances.
    case storageList = "storage-list"
    /// Reads one address of the unit.
    case unitGet = "unit-get"

    /// Whether the tool can read standard input, which it does when called with `--file -`.
    public var canReadStandardInput: Bool {
        switch self {
        case .relationSet, .stateSet, .secretAdd, .secretSet, .leaderSet: true
        default: false
        }
    }

    /// Whether the tool only tells something, so that calling it twice is as good as once.
    ///
    /// `secret-get` is not among them: its first call begins to track a revision; nor is `resource-get`, which downloads.
    public var onlyReads: Bool {
        switch self {
        case .actionGet, .configGet, .credentialGet, .goalState, .isLeader, .leaderGet, .networkGet, .openedPorts,
            .relationGet, .relationIDs, .relationList, .relationModelGet, .secretIDs, .secretInfoGet, .stateGet,
            .statusGet, .storageGet, .storageList, .unitGet:
            true
        default: false
        }
    }

    /// Whether a call with these arguments reads standard input.
    ///
    /// - Parameter arguments: The arguments after the tool's name.
    /// - Returns: True for `--file -` and `--file=-` before a bare `--`, for tools that read it at all.
    public func readsStandardInput(arguments: [String]) -> Bool {
        guard canReadStandardInput else { return false }
        let flags = arguments.prefix { $0 != "--" }
        if flags.contains("--file=-") { return true }
        return zip(flags, flags.dropFirst()).contains { $0 == "--file" && $1 == "-" }
    }
}
