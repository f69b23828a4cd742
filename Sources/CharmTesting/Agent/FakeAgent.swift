// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials
import PebbleAPI

/// A unit agent in memory, for one dispatch: answers hook tools from a stated world and records what they change.
final class FakeAgent: HookTools {
    private let before: World
    let event: HookEvent
    /// The world with what was written so far, as the tools of this dispatch see it.
    var world: World
    private(set) var calls: [ToolCall] = []
    var log: [Log.Line] = []
    var shownStatuses: [Status] = []
    var action = ActionOutput()
    var addedSecrets = 0
    private(set) var addedStorage: [String: Int] = [:]
    var reboot: Reboot?

    /// What the charm declares; nil for a test that does not say, and then everything is taken to be declared.
    let declaration: CharmDeclaration?

    init(world: World, event: HookEvent, declaration: CharmDeclaration? = nil) {
        before = world
        self.declaration = declaration
        self.world = world
        self.event = event
    }

    /// The world after the dispatch; when it failed, what the agent kept back is dropped.
    func end(failed: Bool) -> World {
        guard failed else { return world }
        var after = before
        after.unitStatus = world.unitStatus
        after.applicationStatus = world.applicationStatus
        after.workloadVersion = world.workloadVersion
        after.leaderSettings = world.leaderSettings
        for index in after.secrets.indices {
            guard let secret = world.secret(after.secrets[index].id) else { continue }
            after.secrets[index].trackedRevision = secret.trackedRevision
            after.secrets[index].label = secret.isOwned ? after.secrets[index].label : secret.label
            after.secrets[index].readerLabel = secret.readerLabel
        }
        return after
    }

    /// A tool's failure, as text for standard error.
    struct Refusal: Error {
        let message: String
        var exitCode: Int32 = 1
    }

    func run(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) throws(HookToolError) -> ToolReply {
        reply(tool, arguments, input: input)
    }

    func reply(_ tool: ToolName, _ arguments: [String], input: [UInt8]?) -> ToolReply {
        calls.append(
            ToolCall(tool: tool, arguments: arguments, input: input.map { String(decoding: $0, as: UTF8.self) })
        )
        do {
            try tool.check(arguments)
            return ToolReply(output: try answer(tool, arguments, input ?? []))
        } catch let refusal as Refusal {
            return ToolReply(failure: refusal.message, exitCode: refusal.exitCode)
        } catch {
            return ToolReply(failure: "\(error)")
        }
    }

    private func answer(_ tool: ToolName, _ arguments: [String], _ input: [UInt8]) throws -> String {
        switch tool {
        case .relationIDs, .relationList, .relationGet, .relationSet, .relationModelGet:
            return try relationTool(tool, arguments, input)
        case .secretAdd, .secretGet, .secretSet, .secretInfoGet, .secretGrant, .secretRevoke, .secretRemove,
            .secretIDs:
            return try secretTool(tool, arguments)
        case .actionGet, .actionSet, .actionLog, .actionFail:
            return try actionTool(tool, arguments)
        case .openPort, .closePort, .openedPorts, .networkGet:
            return try networkTool(tool, arguments)
        case .storageList, .storageGet, .storageAdd, .resourceGet:
            return try storageTool(tool, arguments)
        case .stateGet, .stateSet, .stateDelete:
            return try stateTool(tool, arguments, input)
        case .unitGet, .credentialGet, .jujuReboot, .leaderGet, .leaderSet:
            return try machineTool(tool, arguments)
        default:
            return try plainTool(tool, arguments)
        }
    }

    private func plainTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        let parsed = ToolArguments(arguments, switches: tool.switches)
        switch tool {
        case .configGet:
            if let key = parsed.positionals.first { return try json(world.config[key]) }
            return try json(world.config.filter { $0.value != .null })
        case .isLeader:
            return try json(world.isLeader)
        case .statusSet:
            return try setStatus(parsed)
        case .statusGet:
            return try getStatus(parsed)
        case .jujuLog:
            let level = LogLevel(rawValue: parsed.flags["--log-level"] ?? "INFO") ?? .info
            log.append(Log.Line(level: level, text: parsed.positionals.joined(separator: " ")))
            return ""
        case .applicationVersionSet:
            world.workloadVersion = parsed.positionals.first ?? ""
            return ""
        case .goalState:
            return try json(GoalAnswer(units: goalUnits, relations: goalRelations))
        default:
            throw Refusal(message: "\(tool.rawValue) is not known to the test kit")
        }
    }

    /// This unit and as many more as are planned.
    private var goalUnits: [String: [String: String]] {
        var names = [world.unit.description]
        var number = 0
        while names.count < world.plannedUnits {
            let name = UnitName(application: world.unit.application, number: number).description
            if !names.contains(name) { names.append(name) }
            number += 1
        }
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                let own = world.unitStatus?.kind.rawValue ?? "unknown"
                return (name, ["status": name == world.unit.description ? own : "active", "since": ""])
            }
        )
    }

    private struct GoalAnswer: Encodable {
        let units: [String: [String: String]]
        let relations: [String: [String: [String: String]]]
    }

    /// By endpoint, the applications and units at the other end.
    private var goalRelations: [String: [String: [String: String]]] {
        var endpoints: [String: [String: [String: String]]] = [:]
        for relation in world.relations where !relation.isPeer {
            let names = [relation.remoteApplication] + relation.remoteUnitsData.keys.map(\.description)
            for name in names {
                let word = UnitName(name) == nil ? "joined" : "active"
                endpoints[relation.endpoint, default: [:]][name] = ["status": word, "since": ""]
            }
        }
        return endpoints
    }

    private struct StatusAnswer: Encodable {
        var status = "unknown"
        var message = ""
        let data: [String: String] = [:]
        var units: [String: StatusAnswer]?

        enum CodingKeys: String, CodingKey {
            case status
            case message
            case data = "status-data"
            case units
        }

        init(_ status: Status?) {
            guard let status else { return }
            (self.status, message) = (status.kind.rawValue, status.message)
        }
    }

    private func getStatus(_ parsed: ToolArguments) throws -> String {
        let unit = StatusAnswer(world.unitStatus)
        guard parsed.isOn("--application") else {
            return parsed.isOn("--include-data") ? try json(unit) : try json(unit.status)
        }
        guard world.isLeader else { throw Refusal(message: "this unit is not the leader") }
        var application = StatusAnswer(world.applicationStatus)
        guard parsed.isOn("--include-data") else { return try json(application.status) }
        application.units = [world.unit.description: unit]
        return try json(["application-status": application])
    }

    private func setStatus(_ parsed: ToolArguments) throws -> String {
        guard let word = parsed.positionals.first, let kind = Status.Kind(rawValue: word) else {
            throw Refusal(message: "invalid status \"\(parsed.positionals.first ?? "")\"", exitCode: 2)
        }
        let status = Status(kind, parsed.positionals.dropFirst().joined(separator: " "))
        if parsed.isOn("--application") {
            guard world.isLeader else { throw Refusal(message: "this unit is not the leader") }
            world.applicationStatus = status
        } else {
            world.unitStatus = status
            shownStatuses.append(status)
        }
        return ""
    }

    private func actionTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        guard event.isAction else { throw Refusal(message: "not running an action") }
        let parsed = ToolArguments(arguments)
        switch tool {
        case .actionSet:
            for pair in parsed.positionals {
                guard let equals = pair.firstIndex(of: "=") else {
                    throw Refusal(message: "argument \"\(pair)\" must be of the form key...=value", exitCode: 2)
                }
                let key = String(pair[..<equals])
                guard Action.isValid(resultKey: key) else {
                    throw Refusal(message: "cannot set action key \"\(key)\"", exitCode: 2)
                }
                action.results[key] = String(pair[pair.index(after: equals)...])
            }
            return ""
        case .actionLog:
            guard !parsed.positionals.isEmpty else { throw Refusal(message: "no message specified", exitCode: 2) }
            action.log.append(parsed.positionals.joined(separator: " "))
            return ""
        case .actionFail:
            action.failure = parsed.positionals.first ?? "action failed without reason given, check action for errors"
            return ""
        default:
            return try json(world.actionParameters)
        }
    }

    private func stateTool(_ tool: ToolName, _ arguments: [String], _ input: [UInt8]) throws -> String {
        let parsed = ToolArguments(arguments, switches: tool.switches)
        switch tool {
        case .stateSet:
            for (key, value) in try values(parsed, input) { world.storedState[key] = value.isEmpty ? nil : value }
            return ""
        case .stateDelete:
            for key in parsed.positionals { world.storedState[key] = nil }
            return ""
        default:
            guard let key = parsed.positionals.first, key != "-" else { return try json(world.storedState) }
            if parsed.isOn("--strict"), world.storedState[key] == nil { throw Refusal(message: "\"\(key)\" not found") }
            return try json(world.storedState[key])
        }
    }

    /// The values a tool was given, by file on standard input and as `key=value`, which counts more.
    func values(_ parsed: ToolArguments, _ input: [UInt8]) throws -> [String: String] {
        var values: [String: String] = [:]
        if let name = parsed.flags["--file"] {
            guard let data = name == "-" ? Data(input) : FileManager.default.contents(atPath: name) else {
                throw Refusal(message: "cannot read \(name)")
            }
            values = try JSONDecoder().decode([String: String].self, from: data)
        }
        for pair in parsed.positionals {
            guard let equals = pair.firstIndex(of: "=") else {
                throw Refusal(message: "expected \"key=value\", got \"\(pair)\"", exitCode: 2)
            }
            values[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        return values
    }

    private func storageTool(_ tool: ToolName, _ arguments: [String]) throws -> String {
        let parsed = ToolArguments(arguments)
        switch tool {
        case .storageList:
            let name = parsed.positionals.first
            let ids = world.storages.keys.filter { name == nil || $0.hasPrefix("\(name ?? "")/") }
            return try json(ids.sorted())
        case .storageAdd:
            for directive in parsed.positionals {
                let parts = directive.split(separator: "=", maxSplits: 1)
                guard let name = parts.first, let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0 else {
                    throw Refusal(message: "cannot parse \"\(directive)\"", exitCode: 2)
                }
                if let declaration, declaration.storages[String(name)] == nil {
                    throw Refusal(message: "charm storage \"\(name)\" not found")
                }
                addedStorage[String(name), default: 0] += count
            }
            return ""
        case .storageGet:
            let id = parsed.flags["-s"] ?? ""
            guard let location = world.storages[id] else {
                throw Refusal(message: "invalid value \"\(id)\" for option -s: storage not found", exitCode: 2)
            }
            return try json(["kind": "filesystem", "location": location])
        default:
            let name = parsed.positionals.first ?? ""
            guard let path = world.resources[name] else {
                throw Refusal(message: "could not download resource: \(name)")
            }
            return path + "\n"
        }
    }

    func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
