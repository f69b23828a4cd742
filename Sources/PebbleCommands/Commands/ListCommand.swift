// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import PebbleAPI
import PebbleClient

/// `pebble ls`: what is where the daemon is.
struct ListCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List path contents")

    @OptionGroup var time: TimeOptions

    @Flag(name: .customShort("d"))
    var itself = false

    @Flag(name: .customShort("l"))
    var long = false

    @Option
    var format = OutputFormat.text

    @Argument
    var path: String

    func run(in session: Session) throws {
        let (directory, pattern) = try Self.split(path)
        let files = try session.client.listFiles(directory, pattern: pattern, itself: itself && pattern == nil)
        if format != .text {
            session.output.text(try StructuredText.of(["files": files], format))
            return
        }
        if !long {
            session.output.text(files.map { $0.name + "\n" }.joined())
            return
        }
        var rows = Table([])
        for file in files {
            rows.add([
                Self.kindAndMode(file), file.user ?? file.userID.map(String.init) ?? "-",
                file.group ?? file.groupID.map(String.init) ?? "-", Self.size(file.size),
                time.human.text(file.lastModified), file.name,
            ])
        }
        session.output.text(String(rows.text.dropFirst()))
    }

    /// Takes a pattern off the end of a path.
    static func split(_ path: String) throws -> (directory: String, pattern: String?) {
        let isPattern = { (text: Substring) in text.contains { "*?[".contains($0) } }
        guard let slash = path.lastIndex(of: "/") else { return (path, nil) }
        let last = path[path.index(after: slash)...]
        if isPattern(path[..<slash]) {
            throw CommandFailure("can only use globs on the last path element")
        }
        guard isPattern(last) else { return (path, nil) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(last))
    }

    private static func kindAndMode(_ file: FileInfo) -> String {
        let kind =
            switch file.type {
            case .directory: "d"
            case .symlink: "L"
            case .socket: "S"
            case .namedPipe: "p"
            case .device: "D"
            case .file: "-"
            default: "?"
            }
        let bits = UInt16(file.permissions, radix: 8) ?? 0
        let letters = Array("rwxrwxrwx")
        return kind + letters.indices.map { bits & (0o400 >> $0) != 0 ? String(letters[$0]) : "-" }.joined()
    }

    /// A size of six characters, blanks in front: whole up to five thousand, then with three digits and a decimal unit.
    static func size(_ bytes: Int64?) -> String {
        guard let bytes else { return "     -" }
        guard bytes > 5000 else { return padded("\(bytes)B") }
        var value = Double(bytes)
        var units = ["", "k", "M", "G", "T", "P", "E"][...]
        while value >= 999.5 || units.first?.isEmpty == true, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        let digits = value < 9.5 ? 2 : value < 99.5 ? 1 : 0
        return padded("\(rounded(value, digits))\(units.first ?? "")B")
    }

    /// A number with that many digits after its point, rounded as C does it.
    private static func rounded(_ value: Double, _ digits: Int) -> String {
        var text = [CChar](repeating: 0, count: 32)
        _ = withVaList([Int32(digits), value]) { vsnprintf(&text, text.count, "%.*f", $0) }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func padded(_ text: String) -> String {
        String(repeating: " ", count: max(0, 6 - text.utf8.count)) + text
    }
}
