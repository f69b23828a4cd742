// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
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
                file.group ?? file.groupID.map(String.init) ?? "-", file.size.map(Self.size) ?? "-",
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
            case .symlink: "l"
            case .socket: "s"
            case .namedPipe: "p"
            case .device: "c"
            case .file: "-"
            default: "?"
            }
        let bits = UInt16(file.permissions, radix: 8) ?? 0
        let letters = Array("rwxrwxrwx")
        return kind + letters.indices.map { bits & (0o400 >> $0) != 0 ? String(letters[$0]) : "-" }.joined()
    }

    /// A size in decimal units with at most one digit after the point.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var units = ["B", "kB", "MB", "GB", "TB"][...]
        while value >= 1000, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        let unit = units.first ?? ""
        if unit == "B" { return "\(bytes)B" }
        let tenths = Int64((value * 10).rounded())
        if tenths >= 1000 || tenths % 10 == 0 { return "\(Int64(value.rounded()))\(unit)" }
        return "\(tenths / 10).\(tenths % 10)\(unit)"
    }
}
