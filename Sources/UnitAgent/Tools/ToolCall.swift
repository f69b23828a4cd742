// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport
import PebbleAPI

/// Who the unit is, as hook tools and hooks see it.
///
/// It does not change while a hook runs.
struct UnitIdentity: Sendable {
    let unit: UnitName
    let modelName: String
    let modelUUID: String
    let jujuVersion: String
    let address: String
    var charm: CharmDescription
    let storageDirectory: String
    let resources: [String: String]
    /// What `credential-get` answers, to an application that is trusted with it.
    var cloud: JSONValue?
    /// Whether the charm may have the machine rebooted.
    var canReboot = false

    var unitName: String { unit.description }
    var application: String { unit.application }
}

/// What an action has said of its outcome so far.
struct ActionOutcome: Sendable, Equatable {
    var results: [String: String] = [:]
    /// The message of `action-fail`.
    var failure: String?
}

/// When the machine is rebooted for a charm.
enum Reboot: Sendable, Equatable {
    /// Once the hook has ended well.
    case afterHook
    /// At once; the hook is run again.
    case now
}

/// The dispatch that is running, as hook tools see it.
struct HookContext: Sendable {
    /// The secret that only the processes of this dispatch know.
    let id: String
    let event: HookEvent
    /// The number of the task when an action runs.
    let task: Int?
    /// What is committed when the dispatch succeeds.
    var writes: [ModelWrite] = []
    var outcome = ActionOutcome()
    /// The reboot the charm asked for.
    var reboot: Reboot?
    /// The options an operator had set when the charm first asked for its configuration; `nil` when it has not.
    ///
    /// It stays the same for the whole dispatch, as under Juju.
    var userConfig: [String: ConfigValue]?
}

/// One call of a hook tool: what it may read, and what it wants changed.
///
/// A tool changes nothing itself: it says what is to be buffered and what takes effect at once.
struct ToolCall {
    let flags: ParsedFlags
    /// What the caller offered on standard input.
    let input: [UInt8]?
    /// The caller's working directory.
    let directory: String
    /// The committed model with the hook's buffered writes on top.
    let model: Model
    /// The committed model's secrets, which tell a pending secret from one that is there.
    let committedSecrets: Set<String>
    let unit: UnitIdentity
    let now: Timestamp
    /// The dispatch; a tool may change the action's outcome.
    var context: HookContext
    /// What is committed with the hook.
    var buffered: [ModelWrite] = []
    /// What takes effect now, also when the hook fails.
    var immediate: [ModelWrite] = []
    /// Lines for the debug log.
    var logLines: [(level: LogLevel, text: String)] = []

    var event: HookEvent { context.event }
    var charm: CharmDescription { unit.charm }

    /// Prints a value in the form the caller asked for.
    func output(_ value: JSONValue) throws(ToolFailure) -> String {
        guard let word = flags["format"] else { return ToolOutput.smart.text(value) }
        guard let form = ToolOutput(rawValue: word) else {
            throw .usage("invalid value \"\(word)\" for option --format: unknown format \"\(word)\"")
        }
        return form.text(value)
    }

    /// A path as the caller means it.
    func path(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }

    /// The map of texts in the file a flag names; `-` is standard input.
    func keyedTexts(_ flag: String) throws(ToolFailure) -> [String: String] {
        guard let name = flags[flag] else { return [:] }
        do {
            let bytes = try name == "-" ? (input ?? []) : FileBytes.read(path(name), limit: 16 << 20)
            return try yamlTexts(String(decoding: bytes, as: UTF8.self))
        } catch let error as SystemError {
            throw ToolFailure("cannot \(error)")
        } catch {
            throw ToolFailure("\(error)")
        }
    }

    /// Refuses what only the leader may do.
    func requireLeader(_ deed: String) throws {
        guard try model.isLeader() else { throw ToolFailure("cannot \(deed): \(unit.unitName) is not the leader") }
    }

    /// The relation a flag names, or that of the hook.
    func relation(_ flag: String = "relation", shown: String = "-r") throws -> RelationState {
        if let text = flags[flag] { return try relation(named: text, shown: shown) }
        guard let number = event.relation?.id.number, let relation = try model.relation(number) else {
            throw ToolFailure.usage("no relation id specified")
        }
        return relation
    }

    /// The relation of an id such as `db:7` or `7`.
    ///
    /// Only the number counts, as with Juju.
    func relation(named text: String, shown: String) throws -> RelationState {
        let digits = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
        guard let number = Int(digits), number >= 0 else {
            throw ToolFailure.usage("invalid value \"\(text)\" for option \(shown): invalid relation id")
        }
        guard let relation = try model.relation(number) else {
            throw ToolFailure.usage("invalid value \"\(text)\" for option \(shown): relation not found")
        }
        return relation
    }
}

/// A hook tool: its name, its flags, and what it does.
protocol HookToolCommand: Sendable {
    static var name: ToolName { get }
    static var flags: FlagSet { get }

    /// Performs a call and returns what goes to standard output.
    static func run(_ call: inout ToolCall) throws -> String
}
