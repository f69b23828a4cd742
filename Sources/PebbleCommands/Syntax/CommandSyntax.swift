// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// What may stand after the name of a command, and how it is told.
struct CommandSyntax: Sendable {
    /// One option.
    struct Option: Sendable {
        /// What it takes.
        enum Value: Equatable, Sendable {
            /// Nothing: it is there or not.
            case none
            case text
            case signed
            case unsigned
            case duration
            case choice([String])
        }

        var short: Character?
        var long: String?
        var value: Value
        var help: String
        var isRequired = false
        /// Whether help has it too.
        var isShown = true

        static func flag(_ long: String, _ help: String) -> Option { Option(long: long, value: .none, help: help) }

        static func flag(_ short: Character, _ long: String?, _ help: String) -> Option {
            Option(short: short, long: long, value: .none, help: help)
        }

        static func value(_ long: String, _ help: String) -> Option { Option(long: long, value: .text, help: help) }

        static func value(_ long: String, _ value: Value, _ help: String) -> Option {
            Option(long: long, value: value, help: help)
        }

        static func shortValue(_ short: Character, _ help: String) -> Option {
            Option(short: short, value: .text, help: help)
        }

        /// As it is called when it stands where its value should.
        var name: String { long.map { "--\($0)" } ?? "-\(short.map(String.init) ?? "")" }

        /// As it is called when it is given in a wrong way: by all of its names.
        var names: String {
            [short.map { "-\($0)" }, long.map { "--\($0)" }].compactMap { $0 }.joined(separator: ", ")
        }
    }

    /// One word, or several, that is no option.
    struct Argument: Sendable {
        enum Number: Sendable {
            case one
            case oneAtMost
            case any
            case atLeastOne
            /// Told as if one were wanted; that there is none, the daemon says.
            case anyByTheDaemon
        }

        var name: String
        var number: Number

        init(_ name: String, _ number: Number = .one) {
            self.name = name
            self.number = number
        }

        var isMany: Bool {
            switch number {
            case .any, .atLeastOne, .anyByTheDaemon: true
            case .one, .oneAtMost: false
            }
        }

        var usage: String {
            switch number {
            case .one: "<\(name)>"
            case .oneAtMost: "[<\(name)>]"
            case .any: "[<\(name)>...]"
            case .atLeastOne, .anyByTheDaemon: "<\(name)>..."
            }
        }
    }

    var name: String
    var summary: String
    /// What it does, for help about it alone.
    var about: String
    var options: [Option] = []
    var arguments: [Argument] = []
    /// Whether all after the first word that is no option belongs to another command.
    var takesRest = false
    /// Whether words too many are passed over.
    var ignoresTooMany = false
    /// Whether help and the manual have it.
    var isShown = true
}

/// The words of a command line, told apart.
struct CommandWords: Equatable {
    /// A plea for something else than the command.
    enum Plea: Equatable {
        case help
        case version
    }

    var plea: Plea?
    /// Names as the parser of values knows them, in order; nil is a flag's value.
    var options: [(name: String, value: String?)] = []
    var arguments: [String] = []

    static func == (left: CommandWords, right: CommandWords) -> Bool {
        left.plea == right.plea && left.arguments == right.arguments
            && left.options.map(\.name) == right.options.map(\.name)
            && left.options.map(\.value) == right.options.map(\.value)
    }

    /// One way to write them that leaves nothing to guess.
    var plain: [String] {
        // A value that is nothing is as if the option were not there.
        let options = options.filter { $0.value != "" }.map { option in
            option.value.map { "\(option.name)=\($0)" } ?? option.name
        }
        return arguments.isEmpty ? options : options + ["--"] + arguments
    }
}

extension CommandSyntax {
    /// Reads the words after the command's name, and says what is wrong with them as the original does.
    func read(_ words: [String]) throws(CommandFailure) -> CommandWords {
        var found = CommandWords()
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word != "--" else {
                found.arguments += rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                found.arguments.append(word)
                if takesRest {
                    found.arguments += rest
                    break
                }
                continue
            }
            if let plea = try readOption(word, &rest, &found) {
                found.plea = plea
                return found
            }
        }
        try checkArguments(found)
        return found
    }

    private func readOption(
        _ word: String,
        _ rest: inout ArraySlice<String>,
        _ found: inout CommandWords
    ) throws(CommandFailure) -> CommandWords.Plea? {
        if word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if name == "help" { return .help }
            if name == "version" { return .version }
            guard let option = options.first(where: { $0.long == name }) else { throw Self.unknown(name) }
            let attached = parts.count > 1 ? String(parts[1]) : nil
            try take(option, attached, &rest, &found)
            return nil
        }
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            if letter == "h" { return .help }
            guard let option = options.first(where: { $0.short == letter }) else { throw Self.unknown(String(letter)) }
            if option.value != .none {
                let isFirst = letters.count == word.count - 2
                // Joined to others, an option has no room for a value.
                let attached =
                    letters.isEmpty || !isFirst ? nil : String(letters.first == "=" ? letters.dropFirst() : letters)
                if !isFirst, !letters.isEmpty { throw CommandFailure("expected argument for flag `\(option.names)'") }
                try take(option, attached, &rest, &found)
                return nil
            }
            try take(option, letters.first == "=" ? String(letters.dropFirst()) : nil, &rest, &found)
        }
        return nil
    }

    private func take(
        _ option: Option,
        _ attached: String?,
        _ rest: inout ArraySlice<String>,
        _ found: inout CommandWords
    ) throws(CommandFailure) {
        guard option.value != .none else {
            if attached != nil { throw CommandFailure("bool flag `\(option.names)' cannot have an argument") }
            found.options.append((option.name, nil))
            return
        }
        let value: String
        if let attached {
            value = attached
        } else {
            guard let next = rest.first, next != "--" else {
                throw CommandFailure("expected argument for flag `\(option.names)'")
            }
            guard !option.value.isOption(next) else {
                throw CommandFailure("expected argument for flag `\(option.names)', but got option `\(next)'")
            }
            rest.removeFirst()
            value = next
        }
        try option.check(value)
        found.options.append((option.name, value))
    }

    private static func unknown(_ name: String) -> CommandFailure { CommandFailure("unknown flag `\(name)'") }

    private func checkArguments(_ found: CommandWords) throws(CommandFailure) {
        for option in options where option.isRequired && !found.options.contains(where: { $0.name == option.name }) {
            throw CommandFailure("the required flag `\(option.names)' was not specified")
        }
        let missing = arguments.dropFirst(found.arguments.count).compactMap { argument -> String? in
            switch argument.number {
            case .one: "`<\(argument.name)>`"
            case .atLeastOne: "`<\(argument.name)> (at least 1 argument)`"
            case .oneAtMost, .any, .anyByTheDaemon: nil
            }
        }
        if missing.count == 1 { throw CommandFailure("the required argument \(missing[0]) was not provided") }
        if let last = missing.last {
            let others = missing.dropLast().joined(separator: ", ")
            throw CommandFailure("the required arguments \(others) and \(last) were not provided")
        }
        let isBounded = !takesRest && !ignoresTooMany && arguments.last?.isMany != true
        if isBounded, found.arguments.count > arguments.count {
            throw CommandFailure("too many arguments for command")
        }
    }
}

extension CommandSyntax.Option.Value {
    /// Whether a word is more likely the next option than this value: negative numbers are none, where there can be any.
    fileprivate func isOption(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word != "-" else { return false }
        switch self {
        case .signed, .duration: return word.dropFirst().first?.isNumber != true
        case .none, .text, .unsigned, .choice: return true
        }
    }
}

extension CommandSyntax.Option {
    fileprivate func check(_ text: String) throws(CommandFailure) {
        switch value {
        case .none, .text:
            return
        case .signed:
            guard Int(text) == nil else { return }
            throw mismatch("*int", "strconv.ParseInt: parsing \"\(text)\": \(Self.fault(text, signs: "+-"))")
        case .unsigned:
            guard UInt32(text) == nil || text.hasPrefix("+") else { return }
            throw mismatch("*uint32", "strconv.ParseUint: parsing \"\(text)\": \(Self.fault(text, signs: ""))")
        case .duration:
            do throws(GoDurationError) {
                _ = try GoDuration(parsing: text)
            } catch {
                throw mismatch("time.Duration", "\(error)")
            }
        case .choice(let words):
            guard !words.contains(text) else { return }
            let allowed = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
            throw CommandFailure("Invalid value `\(text)' for option `\(names)'. Allowed values are: \(allowed)")
        }
    }

    private func mismatch(_ type: String, _ reason: String) -> CommandFailure {
        CommandFailure("invalid argument for flag `\(names)' (expected \(type)): \(reason)")
    }

    private static func fault(_ text: String, signs: String) -> String {
        let digits = text.first.map(signs.contains) == true ? text.dropFirst() : text[...]
        let isNumber =
            !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isNumber ? "value out of range" : "invalid syntax"
    }
}
