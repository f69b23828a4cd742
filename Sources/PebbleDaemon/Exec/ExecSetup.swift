// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebblePlan

/// What a command that a client asked for is to be run as, all questions settled.
struct ExecSetup: Sendable {
    var executable: String
    var arguments: [String]
    /// The whole environment of the command.
    var environment: [String: String]
    var directory: String
    var identity: SpawnRequest.Identity?
    var timeout: Duration?
    var isTerminal: Bool
    var isInteractive: Bool
    var splitsError: Bool
    var columns: UInt16
    var rows: UInt16

    init(
        _ request: ExecRequest,
        plan: Plan,
        daemonEnvironment: [String: String],
        accounts: Accounts
    ) throws(DaemonError) {
        guard let name = request.command.first else {
            throw DaemonError(.invalid, "must specify command")
        }
        timeout = try Self.timeout(request.timeout)
        let context = try Self.context(request.serviceContext, plan)
        let user = try accounts.resolve(request.ownership.over(context?.ownership))
        let path = daemonEnvironment["PATH"] ?? ""
        guard let found = Machine.findExecutable(name, path: path) else {
            throw DaemonError(.invalid, "cannot find executable \"\(name)\"")
        }
        executable = found
        arguments = request.command
        identity = user?.identity
        let given = (context?.environment ?? [:]).merging(request.environment ?? [:]) { _, new in new }
        environment = daemonEnvironment.merging(given) { _, new in new }
        Self.fillIn(&environment, given: given, user: user, accounts: accounts)
        guard request.terminal || !request.interactive else {
            throw DaemonError(.failed, "cannot call exec: cannot use interactive mode without a terminal")
        }
        isTerminal = request.terminal
        isInteractive = request.interactive
        // A terminal has one output.
        splitsError = request.splitStderr && !request.terminal
        columns = UInt16(clamping: request.width ?? 0)
        rows = UInt16(clamping: request.height ?? 0)
        directory = try Self.directory(request.workingDirectory ?? context?.workingDirectory, home: environment["HOME"])
    }

    private static func timeout(_ text: String?) throws(DaemonError) -> Duration? {
        guard let text, !text.isEmpty else { return nil }
        do throws(GoDurationError) {
            let duration = try GoDuration(parsing: text).duration
            return duration > .zero ? duration : nil
        } catch {
            throw DaemonError(.invalid, "invalid timeout: \(error)")
        }
    }

    private static func context(_ name: String?, _ plan: Plan) throws(DaemonError) -> Service? {
        guard let name, !name.isEmpty else { return nil }
        guard let service = plan.services[name] else {
            throw DaemonError(.invalid, "context service \"\(name)\" not found")
        }
        return service
    }

    /// Fills in what a program may expect of its environment.
    private static func fillIn(
        _ environment: inout [String: String],
        given: [String: String],
        user: ResolvedUser?,
        accounts: Accounts
    ) {
        let isOther = user.map { $0.identity.userID != geteuid() } ?? false
        let account = user?.identity.userID ?? geteuid()
        let home = user?.home ?? accounts.user(id: account)?.home
        let name = user?.name ?? accounts.user(id: account)?.name
        for (key, value) in [("HOME", home), ("USER", name)] where given[key] == nil {
            // The daemon's own are of no use to somebody else, who may have none.
            environment[key] = isOther ? value : environment[key] ?? value
        }
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        for (key, value) in [("PATH", path), ("LANG", "C.UTF-8")] where environment[key] == nil {
            environment[key] = value
        }
    }

    private static func directory(_ wanted: String?, home: String?) throws(DaemonError) -> String {
        let (path, word) = wanted.flatMap { $0.isEmpty ? nil : $0 }.map { ($0, "working") } ?? (home ?? "/", "home")
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw DaemonError(.failed, "cannot call exec: \(word) directory \"\(path)\" does not exist")
        }
        guard information.st_mode & S_IFMT == S_IFDIR else {
            throw DaemonError(.failed, "cannot call exec: \(word) directory \"\(path)\" not a directory")
        }
        return path
    }
}
