// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The private PostgreSQL cluster.
package struct PostgreSQLServer: Hashable, Sendable {
    package let directory: String
    package let port: UInt16
    package let password: String
    /// The directory of the server's programs, as in `/usr/lib/postgresql/15/bin`.
    package let programs: String

    package static let role = "indico"
    package static let database = "indico"
    package static let extensions = ["pg_trgm", "unaccent"]

    package init(directory: String, port: UInt16, password: String, programs: String) {
        self.directory = directory
        self.port = port
        self.password = password
        self.programs = programs
    }

    package var dataDirectory: String { directory + "/data" }
    package var socketDirectory: String { directory + "/run" }
    package var postgres: String { programs + "/postgres" }
    package var startScriptPath: String { directory + "/start" }

    /// The oldest major version that a new cluster is made with: Debian 12's, with which all is tested.
    package static let oldestVersion = 15

    /// The newest server of the distribution; of an existing cluster, the version it was made with.
    package static func findPrograms(
        cluster directory: String,
        in base: String = "/usr/lib/postgresql"
    ) throws -> String {
        if let made = try FileStore.text(directory + "/data/PG_VERSION")?.split(separator: "\n").first {
            let programs = "\(base)/\(made)/bin"
            guard FileStore.isExecutable(programs + "/postgres") else {
                throw OperatorError(
                    "the data in \(directory) are PostgreSQL \(made)'s, and that is not installed any more",
                    remedy: "Install it: apt-get install postgresql-\(made)"
                )
            }
            return programs
        }
        let names = (try? FileStore.names(in: base)) ?? []
        let installed = names.filter { FileStore.isExecutable("\(base)/\($0)/bin/initdb") }
        guard let version = newestVersion(among: installed) else {
            throw OperatorError(
                installed.isEmpty
                    ? "PostgreSQL is not installed"
                    : "only PostgreSQL \(installed.joined(separator: ", ")) is installed, and \(oldestVersion) is the oldest taken",
                remedy: "Install it: apt-get install postgresql-\(oldestVersion), or whichever newer one there is."
            )
        }
        return "\(base)/\(version)/bin"
    }

    /// The version to make a new cluster with, of those installed.
    package static func newestVersion(among names: [String]) -> Int? {
        names.compactMap { Int($0) }.filter { $0 >= oldestVersion }.max()
    }

    /// Asks whether the server takes connections, and not merely listens: after a crash it reads its journal first.
    ///
    /// With the names of a role and a database that may come in: any others would be a complaint in the log each time.
    package var readinessQuestion: [String] {
        [
            "\(programs)/pg_isready", "--quiet", "--host=127.0.0.1", "--port=\(port)", "--username=\(Self.role)",
            "--dbname=\(Self.database)",
        ]
    }

    /// As in `15.18`.
    package func version() throws -> String {
        let words = try SetupCommand(postgres, ["--version"]).run().standardOutput.split(whereSeparator: {
            $0 == " " || $0 == "\n"
        })
        return words.first { $0.first?.isNumber == true }.map(String.init) ?? ""
    }

    package var configuration: String {
        """
        # Written by the Indico operator at each start of `up`; changes made here are lost.
        listen_addresses = '127.0.0.1'
        port = \(port)
        unix_socket_directories = '\(socketDirectory)'
        unix_socket_permissions = 0700
        hba_file = '\(directory)/pg_hba.conf'
        password_encryption = 'scram-sha-256'
        max_connections = 100
        shared_buffers = 128MB
        dynamic_shared_memory_type = posix
        max_wal_size = 1GB
        min_wal_size = 80MB
        lc_messages = 'C.UTF-8'
        timezone = 'UTC'
        log_timezone = 'UTC'
        log_line_prefix = ''

        """
    }

    /// Who may come in: the operator's own account over the socket, Indico's role with its password, nobody else.
    package func accessRules(account: Account) -> String {
        """
        # Written by the Indico operator at each start of `up`; changes made here are lost.
        local  all  "\(account.name)"  peer
        host  "\(Self.database)"  "\(Self.role)"  127.0.0.1/32  scram-sha-256

        """
    }

    /// What starts the server.
    ///
    /// After a power cut the server's lock file names a process of the boot before. Once another process of this account
    /// has that number, PostgreSQL would take it for a server of its own and never start again. Our own number in its
    /// place says that there is none, and keeps the rest of the file, by which it finds out whether sessions of an old
    /// server still use its memory.
    package var startScript: String {
        """
        #!/bin/sh
        # Written by the Indico operator at each start of `up`; changes made here are lost.
        lock=\(dataDirectory)/postmaster.pid
        if [ -s "$lock" ] && read -r process <"$lock" &&
            ! tr '\\0' ' ' <"/proc/$process/cmdline" 2>/dev/null | grep -qF -e '-D \(dataDirectory) '; then
            sed -i "1s/.*/$$/" "$lock"
        fi
        exec \(postgres) -D \(dataDirectory) -c config_file=\(directory)/postgresql.conf

        """
    }

    /// Makes the cluster with role, database and extensions, all of it or nothing, and writes its configuration.
    ///
    /// Says whether the cluster is new.
    package func prepare(account: Account, log: LogFile) throws -> Bool {
        try FileStore.makeDirectory(directory, mode: 0o700, owner: account)
        try FileStore.makeDirectory(socketDirectory, mode: 0o700, owner: account)
        try FileStore.write(configuration, to: directory + "/postgresql.conf", mode: 0o600, owner: account)
        try FileStore.write(accessRules(account: account), to: directory + "/pg_hba.conf", mode: 0o600, owner: account)
        try FileStore.write(startScript, to: startScriptPath, mode: 0o700, owner: account)
        if FileStore.exists(dataDirectory) { return false }
        // In a directory of another name until it is whole: an interrupted attempt leaves nothing that looks like data.
        let unfinished = directory + "/data.incomplete"
        try DirectoryRemoval.remove(unfinished)
        try initialise(unfinished, account: account, log: log)
        try query(
            Self.roleStatements(password: password),
            database: "postgres",
            data: unfinished,
            account: account,
            log: log
        )
        try query(Self.extensionStatements, database: Self.database, data: unfinished, account: account, log: log)
        guard rename(unfinished, dataDirectory) == 0 else { throw SystemError.last("put \(dataDirectory) in place") }
        return true
    }

    private func initialise(_ data: String, account: Account, log: LogFile) throws {
        let arguments = [
            "--pgdata", data, "--username", account.name, "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--auth-local", "peer", "--auth-host", "scram-sha-256", "--no-instructions",
        ]
        let outcome = try SetupCommand(programs + "/initdb", arguments, account: account, directory: directory).run(
            log: log
        )
        guard outcome.succeeded else { throw Self.failure("cannot be made", outcome.lastLines) }
    }

    static func roleStatements(password: String) -> [String] {
        [
            "CREATE ROLE \"\(role)\" LOGIN PASSWORD '\(password)'",
            "CREATE DATABASE \"\(database)\" OWNER \"\(role)\"",
            "REVOKE ALL ON DATABASE \"\(database)\" FROM PUBLIC",
        ]
    }

    static let extensionStatements =
        extensions.map { "CREATE EXTENSION \"\($0)\" SCHEMA public" }
        // Since PostgreSQL 15 nobody but its owner may create in this schema.
        + ["GRANT ALL ON SCHEMA public TO \"\(role)\""]

    /// Runs statements in a server of one process that reads them from its input: no port, no password to get in, and
    /// nothing in a list of processes.
    private func query(_ statements: [String], database: String, data: String, account: Account, log: LogFile) throws {
        let input = Array(statements.map { $0 + ";\n" }.joined().utf8)
        let command = SetupCommand(
            postgres,
            ["--single", "-D", data, "-c", "exit_on_error=true", database],
            input: input,
            account: account,
            directory: directory
        )
        let outcome = try command.run(log: log)
        guard outcome.succeeded, !outcome.lastLines.contains(where: { $0.contains("ERROR:") || $0.contains("FATAL:") })
        else {
            throw Self.failure("cannot be filled", outcome.lastLines)
        }
    }

    private static func failure(_ what: String, _ lines: [String]) -> OperatorError {
        let isFull = lines.contains { $0.contains("No space left on device") }
        return OperatorError(
            isFull ? "the disk is full" : "the PostgreSQL cluster \(what)",
            remedy: isFull
                ? "Make room, then run this again."
                : "PostgreSQL says why, above. Run this again once it is put right.",
            evidence: Array(lines.suffix(6))
        )
    }
}
