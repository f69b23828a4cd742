// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI
import PebblePlan

/// What a service's process is to be, from the plan and the daemon's surroundings.
struct ServiceLaunch: Equatable, Sendable {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var directory: String?
    var identity: SpawnRequest.Identity?

    init(
        service: Service,
        workload: Workload?,
        daemonEnvironment: [String: String],
        accounts: Accounts
    ) throws(DaemonError) {
        let command: ServiceCommand
        do throws(CommandError) {
            command = try ServiceCommand(parsing: service.command ?? "")
        } catch {
            throw DaemonError(.failed, "cannot parse service \"\(service.name)\" command: \(error)")
        }
        arguments = command.arguments
        environment =
            daemonEnvironment
            .merging(workload?.environment ?? [:]) { _, new in new }
        let own = service.environment
        directory = service.workingDirectory
        var ownership = service.ownership
        if let workload {
            ownership = Ownership(
                userID: workload.userID,
                user: workload.user,
                groupID: workload.groupID,
                group: workload.group
            )
        }
        if let user = try accounts.resolve(ownership) {
            identity = user.identity
            environment["HOME"] = own["HOME"] ?? workload?.environment["HOME"] ?? user.home
            environment["USER"] = own["USER"] ?? workload?.environment["USER"] ?? user.name
        }
        environment.merge(own) { _, new in new }
        executable = try Self.find(arguments[0], path: daemonEnvironment["PATH"] ?? "")
    }

    /// Finds the program by the daemon's `PATH`; a path is taken as it is, and exec says what is wrong with it.
    static func find(_ name: String, path: String) throws(DaemonError) -> String {
        if name.contains("/") { return name }
        guard let found = Machine.findExecutable(name, path: path) else {
            throw DaemonError(.failed, "exec: \"\(name)\": executable file not found in $PATH")
        }
        return found
    }
}

/// Whom something runs as.
struct ResolvedUser: Equatable, Sendable {
    var identity: SpawnRequest.Identity
    var name: String?
    var home: String?
}

extension Accounts {
    /// Finds who is meant, nil if nobody is named.
    func resolve(_ ownership: Ownership) throws(DaemonError) -> ResolvedUser? {
        let user: AccountLookup.User?
        do throws(AccountError) {
            user = try lookup.resolve(ownership)
        } catch {
            throw DaemonError(.invalid, error.description)
        }
        guard let user else { return nil }
        let account = self.user(id: UInt32(clamping: user.userID))
        let identity = SpawnRequest.Identity(
            userID: UInt32(clamping: user.userID),
            groupID: UInt32(clamping: user.groupID)
        )
        return ResolvedUser(identity: identity, name: account?.name, home: account?.home)
    }

    /// These accounts as the values of plans look them up.
    var lookup: AccountLookup {
        AccountLookup(
            user: { name in user(named: name).map { .init(userID: Int($0.userID), groupID: Int($0.groupID)) } },
            userID: { id in
                user(id: UInt32(clamping: id)).map { .init(userID: Int($0.userID), groupID: Int($0.groupID)) }
            },
            group: { name in group(named: name).map { Int($0.groupID) } }
        )
    }
}
