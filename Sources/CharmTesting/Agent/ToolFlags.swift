// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension ToolName {
    /// The flags a tool takes that stand alone.
    var switches: Set<String> {
        switch self {
        case .configGet: ["--all", "-a"]
        case .jujuReboot: ["--now"]
        case .networkGet: ["--bind-address", "--ingress-address", "--egress-subnets", "--primary-address"]
        case .openedPorts: ["--endpoints"]
        case .relationGet, .relationList, .relationSet: ["--app"]
        case .secretGet: ["--refresh", "--peek"]
        case .stateGet: ["--strict"]
        case .statusGet: ["--include-data", "--application"]
        case .statusSet: ["--application"]
        case .jujuLog: ["--debug"]
        default: []
        }
    }

    /// The flags a tool takes with a value, beside `--format` and `--output` of those that print one.
    private var valueFlags: Set<String> {
        switch self {
        case .relationGet, .relationList, .relationModelGet, .networkGet: ["-r", "--relation"]
        case .relationSet: ["-r", "--relation", "--file", "--format"]
        case .stateSet: ["--file"]
        case .storageGet: ["-s", "--storage"]
        case .secretAdd, .secretSet: ["--label", "--description", "--expire", "--rotate", "--owner", "--file"]
        case .secretGet, .secretInfoGet: ["--label"]
        case .secretGrant: ["-r", "--relation", "--unit"]
        case .secretRevoke: ["-r", "--relation", "--app", "--application", "--unit"]
        case .secretRemove: ["--revision"]
        case .jujuLog: ["-l", "--log-level", "--format"]
        case .openPort, .closePort: ["--endpoints", "--format"]
        default: []
        }
    }

    private var prints: Bool {
        switch self {
        case .actionGet, .configGet, .credentialGet, .goalState, .isLeader, .leaderGet, .networkGet, .openedPorts,
            .relationGet, .relationIDs, .relationList, .relationModelGet, .secretGet, .secretIDs, .secretInfoGet,
            .stateGet, .statusGet, .storageGet, .storageList, .unitGet:
            true
        default: false
        }
    }

    /// How many arguments a tool takes; nil for any number.
    private var mostArguments: Int? {
        switch self {
        case .isLeader, .goalState, .openedPorts, .secretIDs, .credentialGet, .jujuReboot, .relationModelGet,
            .relationList:
            0
        case .configGet, .relationIDs, .actionGet, .stateGet, .stateDelete, .storageList, .storageGet, .unitGet,
            .networkGet, .resourceGet, .secretGrant, .secretRevoke, .secretRemove, .secretInfoGet, .actionFail,
            .leaderGet, .applicationVersionSet:
            1
        case .relationGet, .secretGet, .statusSet: 2
        default: nil
        }
    }

    /// Refuses flags and arguments the tool does not take, as its real one does.
    func check(_ arguments: [String]) throws {
        let parsed = ToolArguments(arguments, switches: switches)
        let known = switches.union(valueFlags).union(prints ? ["--format", "--output", "-o"] : [])
        for flag in parsed.flags.keys.sorted() where !known.contains(flag) {
            throw FakeAgent.Refusal(message: "option provided but not defined: \(flag)", exitCode: 2)
        }
        if let most = mostArguments, parsed.positionals.count > most {
            let extra = parsed.positionals[most...].map { "\"\($0)\"" }.joined(separator: " ")
            throw FakeAgent.Refusal(message: "unrecognized args: [\(extra)]", exitCode: 2)
        }
    }
}
