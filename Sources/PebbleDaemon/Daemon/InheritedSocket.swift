// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A socket that a service manager opened before it started the daemon, as `systemd.socket` does.
enum InheritedSocket {
    /// Where the first one is, by convention.
    private static let first: Int32 = 3

    /// The first listening Unix socket that was handed over to this very process; nil if there is none.
    static func find(_ environment: [String: String]) -> Int32? {
        guard environment["LISTEN_PID"] == String(getpid()),
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) })
        else { return nil }
        var found: Int32?
        for descriptor in first..<(first + min(max(count, 0), 64)) {
            // What the daemon starts has no business with it.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            if found == nil, isListening(descriptor) { found = descriptor }
        }
        return found
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var address = sockaddr()
        var length = socklen_t(MemoryLayout<sockaddr>.size)
        guard getsockname(descriptor, &address, &length) == 0, address.sa_family == sa_family_t(AF_UNIX) else {
            return false
        }
        var accepts: Int32 = 0
        length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0 && accepts != 0
    }
}

/// The variables by which a service manager speaks to the daemon, and to nobody the daemon starts.
enum ManagerEnvironment {
    private static let names: Set<String> = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
    ]

    static func removed(from environment: [String: String]) -> [String: String] {
        environment.filter { !names.contains($0.key) }
    }

    /// How often the manager wants to hear that the daemon is alive; nil if it does not.
    static func watchdogInterval(_ environment: [String: String]) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        if let pid = environment["WATCHDOG_PID"], !pid.isEmpty, pid != String(getpid()) { return nil }
        return .microseconds(microseconds)
    }
}
