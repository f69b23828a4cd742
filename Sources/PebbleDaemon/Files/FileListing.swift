// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI

/// Looks at files.
///
/// Blocks: not for the supervisor's loop.
struct FileListing: Sendable {
    var accounts: Accounts

    /// The entries of a directory, or the path itself, sorted by name.
    func list(_ path: String, pattern: String?, itself: Bool) throws(FileError) -> [FileInfo] {
        if let pattern, !FilePattern.isValid(pattern) { throw FileError("syntax error in pattern") }
        // To the kernel a path ends at a zero byte, so it would be another one.
        guard !path.utf8.contains(0) else { throw FileError(SystemError(number: EINVAL, operation: "stat \(path)")) }
        var information = stat()
        guard stat(path, &information) == 0 else { throw FileError(SystemError.last("stat \(path)")) }
        let shown = Self.cleaned(path)
        let owners = OwnerNames(accounts: accounts)
        if itself || information.st_mode & S_IFMT != S_IFDIR {
            let name = String(shown.split(separator: "/").last ?? "/")
            guard pattern.map({ FilePattern.matches($0, name) }) ?? true else { return [] }
            return [info(path: shown, name: name, information, owners)]
        }
        return try entries(in: path).compactMap { name, information in
            guard pattern.map({ FilePattern.matches($0, name) }) ?? true else { return nil }
            return info(path: shown == "/" ? "/\(name)" : "\(shown)/\(name)", name: name, information, owners)
        }
    }

    /// An absolute path without empty, `.` and `..` parts, as listed paths are told.
    static func cleaned(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    private func entries(in path: String) throws(FileError) -> [(name: String, information: stat)] {
        guard let directory = opendir(path) else { throw FileError(SystemError.last("open \(path)")) }
        defer { closedir(directory) }
        var entries: [(name: String, information: stat)] = []
        while let entry = readdir(directory) {
            let name = RawName(entry)
            // By the name as it is, which need not be text; one without status is gone again.
            guard !name.isSelfOrParent, let information = name.status(in: dirfd(directory)) else { continue }
            entries.append((name.description, information))
        }
        return entries.sorted { $0.name < $1.name }
    }

    private func info(path: String, name: String, _ information: stat, _ owners: OwnerNames) -> FileInfo {
        let octal = String(information.st_mode & 0o777, radix: 8)
        let isRegular = information.st_mode & S_IFMT == S_IFREG
        return FileInfo(
            path: path,
            name: name,
            type: Self.kind(information.st_mode),
            size: isRegular ? Int64(information.st_size) : nil,
            permissions: String(repeating: "0", count: max(0, 3 - octal.count)) + octal,
            lastModified: Timestamp(seconds: Int64(information.st_mtim.tv_sec)),
            userID: Int(information.st_uid),
            user: owners.user(information.st_uid),
            groupID: Int(information.st_gid),
            group: owners.group(information.st_gid)
        )
    }

    private static func kind(_ mode: mode_t) -> FileKind {
        switch mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .symlink
        case S_IFSOCK: .socket
        case S_IFIFO: .namedPipe
        case S_IFBLK, S_IFCHR: .device
        default: .unknown
        }
    }
}

/// Names of owners, each looked up once for a listing.
private final class OwnerNames {
    private let accounts: Accounts
    private var users: [UInt32: String?] = [:]
    private var groups: [UInt32: String?] = [:]

    init(accounts: Accounts) {
        self.accounts = accounts
    }

    func user(_ id: UInt32) -> String? {
        if let known = users[id] { return known }
        let name = accounts.user(id: id)?.name
        users[id] = .some(name)
        return name
    }

    func group(_ id: UInt32) -> String? {
        if let known = groups[id] { return known }
        let name = accounts.group(id: id)?.name
        groups[id] = .some(name)
        return name
    }
}

/// Shell patterns for file names: `*`, `?`, `[a-z]`, `[^a-z]` and a backslash before what is meant literally.
enum FilePattern {
    static func isValid(_ pattern: String) -> Bool { match(Array(pattern.unicodeScalars)[...], [][...]) != nil }

    static func matches(_ pattern: String, _ name: String) -> Bool {
        match(Array(pattern.unicodeScalars)[...], Array(name.unicodeScalars)[...]) == true
    }

    /// Nil for a pattern that is none.
    ///
    /// Also walks the rest of a pattern that fails, so that it is found out.
    private static func match(_ pattern: ArraySlice<Unicode.Scalar>, _ name: ArraySlice<Unicode.Scalar>) -> Bool? {
        guard let tokens = tokens(pattern) else { return nil }
        // The standard way without recursion: at a mismatch, go back to the last star and let it take one more.
        var token = 0
        var position = name.startIndex
        var star: (token: Int, position: Int)?
        while position < name.endIndex {
            if token < tokens.count, case .star = tokens[token] {
                star = (token, position)
                token += 1
            } else if token < tokens.count, tokens[token].takes(name[position]) {
                token += 1
                position += 1
            } else if let last = star {
                star = (last.token, last.position + 1)
                token = last.token + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { if case .star = $0 { true } else { false } }
    }

    private enum Token {
        case star
        case any
        case literal(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

        func takes(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .star: false
            case .any: true
            case .literal(let literal): literal == scalar
            case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
            }
        }
    }

    private static func tokens(_ pattern: ArraySlice<Unicode.Scalar>) -> [Token]? {
        var rest = pattern
        var tokens: [Token] = []
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": tokens.append(.star)
            case "?": tokens.append(.any)
            case "[":
                guard let set = set(&rest) else { return nil }
                tokens.append(set)
            case "\\":
                guard let literal = rest.popFirst() else { return nil }
                tokens.append(.literal(literal))
            default: tokens.append(.literal(scalar))
            }
        }
        return tokens
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Token? {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while true {
            if rest.first == "]", !ranges.isEmpty {
                rest.removeFirst()
                return .set(ranges, isNegated: isNegated)
            }
            guard let low = member(&rest) else { return nil }
            guard rest.first == "-" else {
                ranges.append(low...low)
                continue
            }
            rest.removeFirst()
            guard let high = member(&rest), low <= high else { return nil }
            ranges.append(low...high)
        }
    }

    private static func member(_ rest: inout ArraySlice<Unicode.Scalar>) -> Unicode.Scalar? {
        guard let scalar = rest.popFirst(), scalar != "-", scalar != "]" else { return nil }
        return scalar == "\\" ? rest.popFirst() : scalar
    }
}
