// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import LinuxSupport
public import PebbleAPI
import PebbleClient

extension GoDuration: ExpressibleByArgument {
    /// Reads a duration such as `1m30s`.
    public init?(argument: String) {
        try? self.init(parsing: argument)
    }
}

extension CheckLevel: ExpressibleByArgument {
    /// Takes one of the known levels.
    public init?(argument: String) {
        self.init(rawValue: argument)
        if self != .alive && self != .ready { return nil }
    }
}

/// How times are shown.
struct TimeOptions: ParsableArguments {
    @Flag(name: .customLong("abs-time"))
    var isAbsolute = false

    var human: HumanTime { HumanTime(isAbsolute: isAbsolute) }
}

/// Whether to wait for a change.
struct WaitOptions: ParsableArguments {
    @Flag(name: .customLong("no-wait"))
    var noWait = false

    /// Prints the id of a change, or waits until it is done.
    func follow(_ change: String, _ session: Session) throws {
        if noWait {
            session.output.line(change)
        } else {
            let ended = try session.client.waitForChange(change)
            // What there is to say of what went well: that there was nothing to do, say.
            for task in ended.tasks where task.status == .done {
                if let line = task.log.last { session.output.line(line) }
            }
            if ended.error != nil { throw PebbleClientError.changeFailed(ended) }
        }
    }
}

/// Whose a file or command shall be.
struct OwnershipOptions: ParsableArguments {
    @Option
    var uid: Int?

    @Option
    var user: String?

    @Option
    var gid: Int?

    @Option
    var group: String?

    var ownership: Ownership { Ownership(userID: uid, user: user, groupID: gid, group: group) }
}

/// Permissions, as octal digits.
struct ModeOption: ParsableArguments {
    @Option(name: .customShort("m"))
    var mode: String?

    func permissions() throws -> UInt16? {
        guard let mode else { return nil }
        guard let permissions = UInt16(mode, radix: 8) else {
            throw CommandFailure("invalid mode for directory: \"\(mode)\"")
        }
        return permissions
    }
}

/// Reads a file of this machine whole.
func readLocalFile(_ path: String) throws -> [UInt8] {
    do throws(SystemError) {
        return try FileBytes.read(path)
    } catch {
        throw CommandFailure("\(error)")
    }
}
