// SPDX-License-Identifier: Apache-2.0

/// How a daemon is to run.
public struct DaemonOptions: Sendable {
    /// The arguments a service gets instead of its default ones.
    public struct ServiceArguments: Hashable, Sendable {
        /// The name of the service.
        public var service: String
        /// What takes the place of the arguments in brackets.
        public var arguments: [String]

        /// Makes the arguments.
        public init(service: String, arguments: [String]) {
            self.service = service
            self.arguments = arguments
        }
    }

    /// The daemon's own directory, with `layers` and the state.
    public var directory: String
    /// Where clients connect.
    public var socketPath: String
    /// A directory whose content is copied into the daemon's when that is empty.
    public var copyOnceSource: String?
    /// Whether state is kept on disk.
    public var isPersistent: Bool
    /// Whether the directory is made when it is not there.
    public var createsDirectories: Bool
    /// Whether services wait to be started by a client.
    public var holds: Bool
    /// A TCP address for what is open to all, as `host:port`, `:port` or `[host]:port`.
    public var httpAddress: String?
    /// A TCP address for the whole API over TLS, in the form of ``httpAddress``.
    public var httpsAddress: String?
    /// Whether the output of services is copied to standard output.
    public var isVerbose: Bool
    /// Whether the daemon keeps its log to itself.
    public var isSilent: Bool
    /// Whether the daemon's log says more, for whoever looks for a fault.
    public var isDebugging: Bool
    /// Arguments instead of the default ones of services.
    public var serviceArguments: [ServiceArguments]
    /// The environment of the daemon, which services inherit.
    public var environment: [String: String]
    /// How patient log targets are.
    var forwarding = ForwardingTiming()
    /// How much history is kept.
    var limits = StateLimits()
    /// How long the client of a command has to connect.
    var execPatience = Duration.seconds(5)
    /// How often a daemon that was handed its socket looks whether there is anything left to do.
    var standbyDelay = Duration.seconds(5)
    /// How slow clients may be.
    var requestPace = RequestPace()
    /// What the daemon says its version is.
    public var version: String
    /// Whether the daemon takes signals, orphans and the process's exit as its own, as the program `pebble` does.
    ///
    /// Several daemons in one process, as tests have them, must not.
    public var ownsProcess: Bool

    /// The version of the API that is spoken, which clients look at before they use what is newer.
    public static let apiVersion = "v1.32.1"

    /// Makes options from the environment, as the program does.
    ///
    /// - Parameter environment: the variables `PEBBLE`, `PEBBLE_SOCKET`, `PEBBLE_COPY_ONCE`, `PEBBLE_PERSIST`,
    ///   `PEBBLE_VERBOSE` and `PEBBLE_DEBUG` count, and all are passed on to services.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        directory = value("PEBBLE") ?? "/var/lib/pebble/default"
        socketPath = value("PEBBLE_SOCKET") ?? "\(directory)/.pebble.socket"
        copyOnceSource = value("PEBBLE_COPY_ONCE")
        isPersistent = value("PEBBLE_PERSIST") != "never"
        isVerbose = value("PEBBLE_VERBOSE") == "1"
        isDebugging = value("PEBBLE_DEBUG") == "1"
        createsDirectories = false
        holds = false
        isSilent = false
        serviceArguments = []
        self.environment = environment
        version = Self.apiVersion
        ownsProcess = true
    }
}
