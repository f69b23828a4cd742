// SPDX-License-Identifier: Apache-2.0

/// A command line split into words, and the default arguments that others may replace.
public struct ServiceCommand: Hashable, Sendable {
    /// The program and the arguments it always gets.
    public var words: [String]
    /// The arguments it gets unless others are given; in brackets at the end of the line.
    public var defaultArguments: [String]

    /// The program and its arguments.
    public var arguments: [String] { words + defaultArguments }

    /// Makes a command line from its parts.
    public init(words: [String], defaultArguments: [String] = []) {
        self.words = words
        self.defaultArguments = defaultArguments
    }

    /// Splits a command line.
    ///
    /// - Parameter text: words separated by blanks; quotes and backslashes as in a shell, but nothing is expanded.
    /// - Throws: ``CommandError`` for an open quote, misplaced brackets, or no words at all.
    public init(parsing text: String) throws(CommandError) {
        let all = try Self.split(text)
        guard !all.isEmpty else { throw CommandError(description: "empty command") }
        guard let opening = all.firstIndex(of: "[") else {
            if all.contains("]") { throw CommandError(description: "cannot have ] without [ before it") }
            self.init(words: all)
            return
        }
        let inside = all[(opening + 1)...]
        if opening == 0 { throw CommandError(description: "cannot start command with [ ... ] group") }
        if all[..<opening].contains("]") { throw CommandError(description: "cannot have ] without [ before it") }
        guard let closing = inside.firstIndex(of: "]") else {
            throw CommandError(description: "cannot leave [ ... ] group open")
        }
        if inside[..<closing].contains("[") { throw CommandError(description: "cannot nest [ ... ] groups") }
        if closing != all.endIndex - 1 {
            throw CommandError(description: "cannot have any arguments after [ ... ] group")
        }
        self.init(words: Array(all[..<opening]), defaultArguments: Array(inside[..<closing]))
    }

    /// Splits a line into words, without regard to brackets.
    ///
    /// - Parameter text: words separated by blanks, with quotes and backslashes.
    /// - Returns: the words.
    /// - Throws: ``CommandError`` for an open quote or a backslash at the end.
    public static func split(_ text: String) throws(CommandError) -> [String] {
        var splitter = WordSplitter()
        for character in text.unicodeScalars { splitter.take(character) }
        return try splitter.finish()
    }
}

extension ServiceCommand: CustomStringConvertible {
    /// The command line, quoted where words need it.
    public var description: String {
        var parts = words.map(Self.quoted)
        if !defaultArguments.isEmpty {
            parts += ["["] + defaultArguments.map(Self.quoted) + ["]"]
        }
        return parts.joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let safe = word.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "@", "%", "+", "=", ":", ",", ".", "/", "-": true
            default: false
            }
        }
        if safe && !word.isEmpty { return word }
        var quoted = "'"
        for scalar in word.unicodeScalars {
            // By scalars, since a mark may join the quote to it.
            if scalar == "'" { quoted += #"'"'"'"# } else { quoted.unicodeScalars.append(scalar) }
        }
        return quoted + "'"
    }
}

/// Why a command line cannot be split.
public struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, such as `cannot nest [ ... ] groups`.
    public let description: String
}

/// Gathers words from characters, one after the other.
private struct WordSplitter {
    private enum Mode {
        case between
        case word
        case comment
        case escape
        case doubleQuote
        case doubleQuoteEscape
        case singleQuote
    }

    private var mode = Mode.between
    private var word = ""
    private var words: [String] = []

    mutating func take(_ character: Unicode.Scalar) {
        switch mode {
        case .between where character == "#":
            mode = .comment
        case .between, .word:
            takeOutsideQuotes(character)
        case .comment:
            if character == "\n" { mode = .between }
        case .escape:
            word.unicodeScalars.append(character)
            mode = .word
        case .doubleQuote where character == "\"", .singleQuote where character == "'":
            mode = .word
        case .doubleQuote where character == "\\":
            mode = .doubleQuoteEscape
        case .doubleQuote, .singleQuote:
            word.unicodeScalars.append(character)
        case .doubleQuoteEscape:
            word.unicodeScalars.append(character)
            mode = .doubleQuote
        }
    }

    private mutating func takeOutsideQuotes(_ character: Unicode.Scalar) {
        switch character {
        case " ", "\t", "\r", "\n":
            if mode == .word { endWord() }
        case "\"": mode = .doubleQuote
        case "'": mode = .singleQuote
        case "\\": mode = .escape
        default:
            word.unicodeScalars.append(character)
            mode = .word
        }
    }

    private mutating func endWord() {
        words.append(word)
        word = ""
        mode = .between
    }

    mutating func finish() throws(CommandError) -> [String] {
        switch mode {
        case .between, .comment: break
        case .word: endWord()
        case .escape, .doubleQuoteEscape:
            throw CommandError(description: "EOF found after escape character")
        case .doubleQuote, .singleQuote:
            throw CommandError(description: "EOF found when expecting closing quote")
        }
        return words
    }
}
