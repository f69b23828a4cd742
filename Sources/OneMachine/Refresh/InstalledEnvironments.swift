// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The virtual environments of one installation, side by side, and the links that say which one is in use.
///
/// Each is made at its own place, as its scripts hold absolute paths, and is never changed afterwards: what the link
/// `indico` points to is in use, what `previous` names is kept as the way back, and anything else may go.
package struct InstalledEnvironments: Sendable {
    private let state: StateDirectory

    package init(state: StateDirectory) {
        self.state = state
    }

    private var directory: String { state.root + "/opt" }

    /// The name of the environment that a Python and pinned requirements make.
    package static func name(requirements: String, interpreter: PythonInterpreter) -> String {
        let version = indicoVersion(in: requirements) ?? "own"
        return "indico-\(version)-\(mark(of: "\(interpreter.path) \(interpreter.version.short)\n\(requirements)"))"
    }

    /// The version of Indico that requirements pin; nil where they name it by a file or not at all.
    package static func indicoVersion(in requirements: String) -> String? {
        for line in requirements.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" && $0 != ";" }.filter { $0 != " " }
            guard words.lowercased().hasPrefix("indico==") else { continue }
            let version = words.dropFirst("indico==".count)
            return version.isEmpty || !version.allSatisfy(isPlain) ? nil : String(version)
        }
        return nil
    }

    /// It stands in a path, and that in scripts and configurations.
    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == ".")
    }

    /// FNV-1a: names differ when contents do, and nobody gains by making two alike.
    private static func mark(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash &*= 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String((String(repeating: "0", count: 16 - digits.count) + digits).prefix(12))
    }

    /// The place of an environment.
    package func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The name of the one in use; nil where there is none, or one that stands at the link's own place.
    package var current: String? {
        guard let target = FileStore.linkTarget(state.pythonEnvironment), target.hasPrefix(directory + "/") else {
            return nil
        }
        return String(target.dropFirst(directory.count + 1))
    }

    /// Whether the one in use is whole and the Python it was made with still there, in the same version.
    package func currentWorks() throws -> Bool {
        guard let made = try PythonEnvironment.mark(ofFinished: state.pythonEnvironment) else { return false }
        return try PythonInterpreter(asking: made.path)?.version.short == made.version
    }

    /// The requirements that the one in use was made from.
    package func currentRequirements() throws -> String {
        guard let text = try PythonEnvironment.requirements(ofFinished: state.pythonEnvironment) else {
            throw OperatorError("no Indico is installed in \(state.path)", remedy: "'indico-operator up' installs one.")
        }
        return text
    }

    /// Whether an environment stands where the link shall be, as installations had it before there was one.
    package var standsInPlace: Bool {
        current == nil && FileStore.exists(state.pythonEnvironment)
            && FileStore.linkTarget(state.pythonEnvironment) == nil
    }

    /// Puts another one in use, in one step.
    package func use(_ name: String) throws {
        try FileStore.link(state.pythonEnvironment, to: path(name))
    }

    /// The way back: which environment was in use before, and the backup of its database.
    package struct Previous: Hashable, Sendable {
        package var name: String
        /// The name of the backup that was made before the change.
        package var backup: String

        package init(name: String, backup: String) {
            self.name = name
            self.backup = backup
        }
    }

    private var previousPath: String { directory + "/previous" }

    /// What was in use before, while it is there and whole.
    package func previous() throws -> Previous? {
        guard let words = try FileStore.text(previousPath)?.split(whereSeparator: \.isWhitespace), words.count == 2
        else { return nil }
        let name = String(words[0])
        guard try PythonEnvironment.interpreter(ofFinished: path(name)) != nil else { return nil }
        return Previous(name: name, backup: String(words[1]))
    }

    /// Keeps one as the way back, and removes those that are neither in use nor that.
    package func keep(_ previous: Previous) throws {
        try FileStore.write("\(previous.name) \(previous.backup)\n", to: previousPath, mode: 0o644)
        try removeOthers(than: [current, previous.name])
    }

    private func removeOthers(than kept: [String?]) throws {
        for name in try FileStore.names(in: directory) where name.hasPrefix("indico-") && !kept.contains(name) {
            try DirectoryRemoval.remove(path(name))
        }
    }
}
