// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where everything of one installation lives.
///
/// No program of ours keeps anything anywhere else.
package struct StateDirectory: Hashable, Sendable {
    /// An absolute path without a slash at its end.
    package let path: String

    /// The longest socket path below it is `/pebble/indico-nginx/pebble.socket`, and the kernel takes 107 bytes.
    package static let longestPath = 107 - "/pebble/indico-nginx/pebble.socket".utf8.count

    /// Checks a path given by the user.
    package init(path: String) throws(OperatorError) {
        var path = path
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        guard path.hasPrefix("/"), !path.split(separator: "/").contains(".."), path != "/" else {
            throw OperatorError(
                "'\(path)' cannot be the state directory",
                remedy: "Give an absolute path of its own, without '..', such as /srv/indico-operator."
            )
        }
        guard path.utf8.count <= Self.longestPath else {
            throw OperatorError(
                "the state directory's path has \(path.utf8.count) bytes, and sockets below it allow \(Self.longestPath)",
                remedy: "Give a shorter one with --state-dir."
            )
        }
        guard path.utf8.allSatisfy(Self.isPlain) else {
            throw OperatorError(
                "the state directory's path '\(path)' has characters other than letters, digits and / . _ - +",
                remedy: "It stands in the configuration of many programs, each with its own rules. Give a plain one."
            )
        }
        self.path = path
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "/._-+".utf8.contains(byte)
        }
    }

    /// Chooses by option, then environment, then by who asks.
    package static func chosen(
        option: String?,
        environment: [String: String],
        userID: UInt32,
        workingDirectory: String
    ) throws(OperatorError) -> StateDirectory {
        if let given = option ?? environment["INDICO_OPERATOR_STATE_DIR"], !given.isEmpty {
            return try StateDirectory(path: given.hasPrefix("/") ? given : workingDirectory + "/" + given)
        }
        if userID == 0 { return try StateDirectory(path: "/var/lib/indico-operator") }
        if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") {
            return try StateDirectory(path: base + "/indico-operator")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw OperatorError(
                "it is not known where your home directory is",
                remedy: "Set HOME, or give --state-dir."
            )
        }
        return try StateDirectory(path: home + "/.local/state/indico-operator")
    }

    /// What looks like a container's file system to the charm.
    package var root: String { path + "/root" }
    /// The unpacked charm.
    package var charm: String { path + "/charm" }
    /// The hook tools.
    package var tools: String { path + "/tools" }
    /// The unit agent's files.
    package var agent: String { path + "/agent" }
    /// Our programs, where every account involved may read them.
    package var programs: String { path + "/bin" }
    /// The directories of the Pebble daemons.
    package var containers: String { path + "/pebble" }
    /// The local servers.
    package var servers: String { path + "/local" }
    /// What was written by steps, and by daemons before anything could supervise them.
    package var logs: String { path + "/log" }
    /// The account of what this directory is; without it nothing here is ever deleted.
    package var marker: String { path + "/.indico-operator" }
    /// Taken by whoever changes the installation.
    package var lock: String { path + "/.lock" }
    /// What `up` was told, for every later command.
    package var settings: String { path + "/settings.json" }
    /// Passwords of the local servers.
    package var credentials: String { servers + "/credentials.json" }
    /// The link to the virtual environment in use.
    package var pythonEnvironment: String { root + "/opt/indico" }
    /// How far a change of Indico's version has come; there only while one is under way.
    package var refreshJournal: String { path + "/refresh.json" }
    /// The unit agent's control socket.
    package var controlSocket: String { agent + "/control.sock" }

    /// The Pebble directory of a container, or of the local servers.
    package func pebble(_ container: ContainerName) -> String { containers + "/" + container.rawValue }
    /// The socket of the Pebble of a container: where the charm looks for it, as Juju has it.
    package func socket(_ container: ContainerName) -> String {
        pebble(container) + (container == .local ? "/.pebble.socket" : "/pebble.socket")
    }
    /// One of our programs.
    package func program(_ name: ProgramName) -> String { programs + "/" + name.rawValue }
    /// The directory of a local server.
    package func server(_ name: LocalServerName) -> String { servers + "/" + name.rawValue }
}

/// The Pebble daemons on one machine.
package enum ContainerName: String, CaseIterable, Sendable {
    /// Not a container of the charm's: it supervises the two others, the local servers and the agent.
    case local
    case indico
    case nginx = "indico-nginx"

    /// The containers the charm declares.
    package static let workload: [ContainerName] = [.indico, .nginx]
}

/// The executables this package builds.
package enum ProgramName: String, CaseIterable, Sendable {
    case pebble
    case indicoCharm = "indico-charm"
    case indicoOperator = "indico-operator"
    case hookTool = "hook-tool"
    case statsdExporter = "statsd-exporter"
    case celeryExporter = "celery-exporter"
}

/// The servers the operator runs for itself.
package enum LocalServerName: String, CaseIterable, Codable, Sendable {
    case postgresql
    case redisCache = "redis-cache"
    case redisBroker = "redis-broker"
}
