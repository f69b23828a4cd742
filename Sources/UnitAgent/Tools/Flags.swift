// SPDX-License-Identifier: Apache-2.0

/// Why a hook tool refuses, with its exit code.
struct ToolFailure: Error, Equatable {
    /// 1 for a failure, 2 for a wrong call.
    let exitCode: Int32
    /// The text after `ERROR `.
    let message: String

    init(_ message: String, exitCode: Int32 = 1) {
        self.message = message
        self.exitCode = exitCode
    }

    /// A call with wrong flags or arguments.
    static func usage(_ message: String) -> ToolFailure { ToolFailure(message, exitCode: 2) }
}

/// The flags a hook tool takes, read as Juju's tools read theirs: before, between and after the arguments.
struct FlagSet: Sendable {
    /// Flags that stand alone or take `=true`, `=false` in any usual spelling.
    var switches: Set<String> = []
    /// Flags with a value.
    var values: Set<String> = []
    /// The long form of each one-letter flag.
    var short: [Character: String] = [:]

    /// The flags of a tool that prints a value.
    static func output(
        switches: Set<String> = [],
        values: Set<String> = [],
        short: [Character: String] = [:]
    ) -> FlagSet {
        FlagSet(
            switches: switches,
            values: values.union(["format", "output"]),
            short: short.merging(["o": "output"]) { own, _ in own }
        )
    }

    /// Reads the arguments of a call.
    func parse(_ arguments: [String]) throws(ToolFailure) -> ParsedFlags {
        var parsed = ParsedFlags()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                parsed.arguments += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                parsed.arguments.append(argument)
                continue
            }
            let (shown, name, attached) = try split(argument)
            if switches.contains(name) {
                parsed.switches[name] = try truth(attached ?? "true", of: shown)
            } else if values.contains(name) {
                guard let value = attached ?? rest.popFirst() else {
                    throw .usage("option needs an argument: \(shown)")
                }
                parsed.values[name] = value
            } else {
                throw .usage("option provided but not defined: \(shown)")
            }
        }
        return parsed
    }

    /// Takes a flag apart: as written, its long name, and the value that hangs on it.
    private func split(_ argument: String) throws(ToolFailure) -> (shown: String, name: String, value: String?) {
        let isLong = argument.hasPrefix("--")
        let body = argument.drop { $0 == "-" }
        let name = isLong ? body.prefix { $0 != "=" } : body.prefix(1)
        var attached: Substring? = body.dropFirst(name.count)
        if attached?.first == "=" {
            attached = attached?.dropFirst()
        } else if attached?.isEmpty == true {
            attached = nil
        }
        let shown = (isLong ? "--" : "-") + name
        guard let letter = name.first, !isLong else { return (shown, String(name), attached.map { String($0) }) }
        guard let long = short[letter] else {
            // `-format json`: one dash before a long name, which Juju refuses too.
            throw .usage("option provided but not defined: \(shown)")
        }
        return (shown, long, attached.map { String($0) })
    }

    private func truth(_ text: String, of flag: String) throws(ToolFailure) -> Bool {
        switch text.lowercased() {
        case "true", "t", "1": return true
        case "false", "f", "0": return false
        default:
            throw .usage(
                "invalid value \"\(text)\" for option \(flag): strconv.ParseBool: parsing \"\(text)\": invalid syntax"
            )
        }
    }
}

/// The flags and arguments of one call.
struct ParsedFlags: Sendable, Equatable {
    var arguments: [String] = []
    var switches: [String: Bool] = [:]
    var values: [String: String] = [:]

    /// Whether a switch is on.
    func isOn(_ name: String) -> Bool { switches[name] ?? false }

    /// The value of a flag.
    subscript(name: String) -> String? { values[name] }

    /// Refuses more arguments than a tool takes.
    func refuse(moreThan count: Int) throws(ToolFailure) {
        guard arguments.count > count else { return }
        let extra = arguments[count...].map { "\"\($0)\"" }.joined(separator: " ")
        throw .usage("unrecognized args: [\(extra)]")
    }

    /// The first argument, which must be there.
    func first(_ what: String) throws(ToolFailure) -> String {
        guard let first = arguments.first else { throw .usage("no \(what) specified") }
        return first
    }

    /// The arguments from `index` as `key=value` pairs.
    func assignments(from index: Int = 0) throws(ToolFailure) -> [(key: String, value: String)] {
        var pairs: [(String, String)] = []
        for argument in arguments.dropFirst(index) {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
                throw .usage("expected \"key=value\", got \"\(argument)\"")
            }
            pairs.append((String(argument[..<equals]), String(argument[argument.index(after: equals)...])))
        }
        return pairs
    }
}
