// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import PebbleAPI

/// What notices and warnings a user has seen, kept per daemon in a file of the user's.
struct CommandMemory {
    let path: String
    let socketPath: String

    /// When notices of a daemon were last shown and last put aside.
    struct Marks: Codable, Equatable {
        var noticesLastListed: Timestamp?
        var noticesLastOkayed: Timestamp?
        var warningsLastListed: Timestamp?
        var warningsLastOkayed: Timestamp?

        enum CodingKeys: String, CodingKey {
            case noticesLastListed = "notices-last-listed"
            case noticesLastOkayed = "notices-last-okayed"
            case warningsLastListed = "warnings-last-listed"
            case warningsLastOkayed = "warnings-last-okayed"
        }
    }

    private struct File: Codable {
        var pebble: [String: Marks]
    }

    /// Reads the marks of this daemon; none when there is no file yet.
    func load() throws -> Marks {
        try loadFile().pebble[socketPath] ?? Marks()
    }

    /// Changes the marks of this daemon.
    func update(_ change: (inout Marks) -> Void) throws {
        var file = try loadFile()
        var marks = file.pebble[socketPath] ?? Marks()
        change(&marks)
        file.pebble[socketPath] = marks
        let directory = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        if let slash = directory.lastIndex(of: "/") { mkdir(String(directory[..<slash]), 0o700) }
        mkdir(directory, 0o700)
        do {
            try AtomicFile.write(try WireJSON.bytes(of: file), to: path, mode: 0o600)
        } catch {
            throw CommandFailure("cannot remember what was shown: \(error)")
        }
    }

    private func loadFile() throws -> File {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileBytes.read(path)
        } catch {
            if error.isNotFound { return File(pebble: [:]) }
            throw CommandFailure("cannot read what was shown: \(error)")
        }
        do {
            return try WireJSON.decode(File.self, from: Data(bytes))
        } catch {
            throw CommandFailure("cannot read what was shown: \(path) is damaged; remove it and try again")
        }
    }
}
