// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The systemd unit that brings the supervisor up at boot.
package struct SystemdUnit: Hashable, Sendable {
    package static let name = "indico-operator.service"

    package let state: StateDirectory
    /// Whether it is the system's, which root has, or one of a user's own.
    package let isSystemWide: Bool
    /// Where unit files of that kind go.
    package let directory: String

    package init(state: StateDirectory, isSystemWide: Bool, directory: String) {
        self.state = state
        self.isSystemWide = isSystemWide
        self.directory = directory
    }

    /// The unit as this user would have it.
    package static func chosen(
        state: StateDirectory,
        userID: UInt32,
        environment: [String: String]
    ) throws(OperatorError) -> SystemdUnit {
        if userID == 0 { return SystemdUnit(state: state, isSystemWide: true, directory: "/etc/systemd/system") }
        let home = environment["HOME"] ?? ""
        let base = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.config"
        guard base.hasPrefix("/") else {
            throw OperatorError("it is not known where your home directory is", remedy: "Set HOME.")
        }
        return SystemdUnit(state: state, isSystemWide: false, directory: base + "/systemd/user")
    }

    package var path: String { directory + "/" + Self.name }

    package var text: String {
        """
        # Written by `indico-operator enable`; `indico-operator disable` removes it.
        [Unit]
        Description=Indico, run by its operator
        Documentation=https://docs.getindico.io
        After=network-online.target
        Wants=network-online.target

        [Service]
        Type=exec
        Environment=PEBBLE=\(state.pebble(.local))
        Environment=\(SupervisorWatch.keeperVariable)=systemd
        ExecStart=\(state.program(.pebble)) run --create-dirs
        # What is under way needs the servers until it is done: they go last, with the supervisor.
        \(stopCommands.joined(separator: "\n"))
        # The supervisor stops what it supervises; what it leaves behind, systemd ends.
        KillMode=mixed
        TimeoutStopSec=300
        Restart=always
        RestartSec=1
        # Not by default on every distribution, and PostgreSQL, two Redis servers and uWSGI are one unit here.
        TasksMax=infinity

        [Install]
        WantedBy=\(isSystemWide ? "multi-user.target" : "default.target")

        """
    }

    /// A service that does not stop in time is no reason to leave the others to be killed.
    private var stopCommands: [String] {
        LocalPlan.stopOrder.map { "ExecStop=-\(state.program(.pebble)) stop \($0.joined(separator: " "))" }
    }

    /// Whether the unit file is there, and for this installation.
    package var isEnabled: Bool {
        isOurs(path) || isSystemWide && isOurs(Self.packaged) && FileStore.linkTarget(Self.packagedLink) != nil
    }

    /// Where a Debian package brings the unit along, and what `systemctl enable` makes of it.
    private static let packaged = "/lib/systemd/system/" + name
    private static let packagedLink = "/etc/systemd/system/multi-user.target.wants/" + name

    private func isOurs(_ file: String) -> Bool {
        ((try? FileStore.text(file)) ?? nil)?.contains("PEBBLE=\(state.pebble(.local))\n") ?? false
    }

    /// Whether a systemd runs that would obey: a container has none.
    package var isManagerRunning: Bool {
        FileStore.exists(isSystemWide ? "/run/systemd/system" : "/run/user/\(geteuid())/systemd")
    }

    package func enable() throws {
        try FileStore.makeDirectory(directory, mode: 0o755)
        try FileStore.write(text, to: path, mode: 0o644)
        try control(["daemon-reload"])
        try control(["enable", "--quiet", Self.name])
    }

    package func disable() throws {
        try control(["disable", "--quiet", Self.name])
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError.last("remove \(path)") }
        try control(["daemon-reload"])
    }

    package func start() throws { try control(["start", Self.name]) }
    package func stop() throws { try control(["stop", Self.name]) }

    /// Whether systemd keeps it running now.
    package func isActive() -> Bool {
        guard isEnabled, isManagerRunning else { return false }
        return (try? run(["is-active", "--quiet", Self.name]).succeeded) ?? false
    }

    private func run(_ arguments: [String]) throws -> SetupCommand.Outcome {
        var environment: [String: String] = [:]
        if !isSystemWide { environment["XDG_RUNTIME_DIR"] = "/run/user/\(geteuid())" }
        return try SetupCommand(
            "/usr/bin/systemctl",
            (isSystemWide ? [] : ["--user"]) + arguments,
            environment: environment
        ).run()
    }

    /// Without a running systemd the unit's file and link are all there is to change, and `enable` needs none for that.
    private func control(_ arguments: [String]) throws {
        guard FileStore.isExecutable("/usr/bin/systemctl") else { return }
        guard isManagerRunning || ["enable", "disable"].contains(arguments[0]) else { return }
        let outcome = try run(arguments)
        guard outcome.succeeded else {
            throw OperatorError(
                "systemctl \(arguments.joined(separator: " ")) failed",
                remedy: "'systemctl \(isSystemWide ? "" : "--user ")status \(Self.name)' and the journal tell more.",
                evidence: outcome.lastLines
            )
        }
    }
}
