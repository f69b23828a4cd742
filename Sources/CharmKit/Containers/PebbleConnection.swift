// SPDX-License-Identifier: Apache-2.0

public import PebbleAPI
public import PebblePlan

/// What a container needs of its Pebble: the real one over a socket, or one in a test's memory.
public protocol PebbleConnection {
    /// Asks who the daemon is.
    func systemInfo() throws -> SystemInfo
    /// Reads the combined plan.
    func plan() throws -> Plan
    /// Adds a layer, or with `combine` lays it over the one of the same label.
    func addLayer(_ layer: Layer, combine: Bool) throws
    /// Does something with services and waits until it is done.
    func perform(_ operation: ServiceOperation, services: [String], timeout: Duration) throws
    /// Reads what services do; of all when none are named.
    func services(_ names: [String]) throws -> [ServiceInfo]
    /// Reads what checks say; of all when none are named.
    func checks(_ names: [String], level: CheckLevel?) throws -> [CheckInfo]
    /// Starts or stops checks and says which changed.
    func setChecks(_ names: [String], running: Bool) throws -> [String]
    /// Reads a file.
    func readFile(_ path: String) throws -> [UInt8]
    /// Writes a file, all of it or nothing.
    func writeFile(_ path: String, _ content: [UInt8], options: FileOptions) throws
    /// Lists a directory's entries, or with `itself` the path alone.
    func listFiles(_ path: String, pattern: String?, itself: Bool) throws -> [FileInfo]
    /// Makes a directory.
    func makeDirectory(_ path: String, options: FileOptions) throws
    /// Removes a file or directory; with `recursive` what it holds too, and then an absent one is fine.
    func removePath(_ path: String, recursive: Bool) throws
    /// Runs a command and waits for it.
    func execute(_ command: ExecCommand) throws -> ExecResult
    /// Sends a signal to services.
    func signal(_ name: String, services: [String]) throws
    /// Records a custom notice and says its id.
    func notify(key: String, data: [String: String], repeatAfter: Duration?) throws -> String
    /// Reads notices, all of them or of the types and keys given.
    func notices(types: [NoticeType], keys: [String]) throws -> [Notice]
}

/// What can be done with services.
public enum ServiceOperation: String, Sendable, Hashable, CaseIterable {
    /// Starts services, and what they require.
    case start
    /// Stops services, and what requires them.
    case stop
    /// Stops services that run and starts them all.
    case restart
    /// Restarts services whose configuration changed and starts those of startup enabled.
    case replan
    /// Starts the services of startup enabled.
    case autostart
}

/// How a file or directory is made.
public struct FileOptions: Sendable, Hashable {
    /// Permission bits; nil for the daemon's default, 0644 for files and 0755 for directories.
    public var permissions: UInt16?
    /// Who owns it; by default the daemon's user.
    public var ownership: Ownership
    /// Whether missing parent directories are made, and an existing directory is fine.
    public var makeParents: Bool

    /// Creates options.
    public init(permissions: UInt16? = nil, ownership: Ownership = Ownership(), makeParents: Bool = false) {
        self.permissions = permissions
        self.ownership = ownership
        self.makeParents = makeParents
    }
}

/// A command to run in a container.
public struct ExecCommand: Sendable, Hashable {
    /// The command and its arguments; other processes can read them, so never a secret.
    public var words: [String]
    /// Variables beside the daemon's own.
    public var environment: [String: String]
    /// Where it runs; by default the daemon's or the service's directory.
    public var workingDirectory: String?
    /// How long it may take; nil for as long as it wants.
    public var timeout: Duration?
    /// Whom it runs as; by default the daemon's or the service's user.
    public var ownership: Ownership
    /// The service whose user, environment and directory it takes over.
    public var serviceContext: String?
    /// What it reads on standard input; the place for secrets.
    public var input: [UInt8]

    /// Creates a command.
    public init(
        _ words: [String],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        timeout: Duration? = nil,
        ownership: Ownership = Ownership(),
        serviceContext: String? = nil,
        input: [UInt8] = []
    ) {
        self.words = words
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.timeout = timeout
        self.ownership = ownership
        self.serviceContext = serviceContext
        self.input = input
    }
}

/// What became of a command.
public struct ExecResult: Sendable, Hashable {
    /// Its exit code.
    public var exitCode: Int
    /// What it wrote to standard output.
    public var standardOutput: [UInt8]
    /// What it wrote to standard error.
    public var standardError: [UInt8]

    /// Creates a result.
    public init(exitCode: Int = 0, standardOutput: [UInt8] = [], standardError: [UInt8] = []) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
    }

    /// Creates a result with text as output.
    public init(exitCode: Int = 0, output: String, errorOutput: String = "") {
        self.init(exitCode: exitCode, standardOutput: Array(output.utf8), standardError: Array(errorOutput.utf8))
    }

    /// Standard output as text.
    public var output: String { String(decoding: standardOutput, as: UTF8.self) }
    /// Standard error as text.
    public var errorOutput: String { String(decoding: standardError, as: UTF8.self) }
    /// Whether the command ended with code 0.
    public var succeeded: Bool { exitCode == 0 }
}

/// Something a container's Pebble did not do.
public struct ContainerError: Error, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: Sendable, Hashable {
        /// Pebble cannot be reached: the container is not up yet, or going.
        case notReachable
        /// There is no such file, service, check or layer.
        case notFound
        /// Pebble may not touch the path.
        case permissionDenied
        /// The plan that was asked for is not valid.
        case invalidPlan
        /// A change, such as starting a service, failed.
        case changeFailed
        /// It took longer than allowed.
        case timedOut
        /// Anything else.
        case refused
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// The container's name.
    public let container: String
    /// What was asked, for people; never a file's or command's content.
    public let operation: String
    /// Pebble's or the system's text.
    public let message: String

    /// Creates an error.
    public init(kind: Kind, container: String, operation: String, message: String) {
        self.kind = kind
        self.container = container
        self.operation = operation
        self.message = message
    }

    /// What happened, in words.
    public var description: String { "container \(container): cannot \(operation): \(message)" }
}
