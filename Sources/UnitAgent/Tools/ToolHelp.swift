// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// The text of `--help`: the flags of a tool with what they stand for in this hook.
///
/// Canonical's `ops` reads from it which storage a storage hook is about, so its lines have the form of Juju's.
enum ToolHelp {
    /// Whether a call asks for help.
    static func isWanted(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    }

    /// The help of a tool.
    static func text(_ tool: any HookToolCommand.Type, _ event: HookEvent) -> String {
        var lines = ["Usage: \(tool.name.rawValue) [options] [arguments]", "", "Options:"]
        let letters = Dictionary(tool.flags.short.map { ($0.value, $0.key) }) { first, _ in first }
        for flag in tool.flags.switches.union(tool.flags.values).sorted() {
            let shown = letters[flag].map { flag == "storage" ? "-\($0)" : "-\($0), --\(flag)" } ?? "--\(flag)"
            let fallback = tool.flags.switches.contains(flag) ? "false" : standing(flag, event)
            lines.append("\(shown)  (= \(fallback))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func standing(_ flag: String, _ event: HookEvent) -> String {
        switch (flag, event) {
        case ("format", _): "smart"
        case ("relation", _): event.relation?.id.description ?? ""
        case ("storage", .storageAttached(let storage)), ("storage", .storageDetaching(let storage)): storage.id
        default: ""
        }
    }
}
