// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Testing

@Suite struct PostgreSQLServerTests {
    private static var isInstalled: Bool { (try? PostgreSQLServer.findPrograms(cluster: "/nonexistent")) != nil }

    private static func server(in scratch: Scratch) throws -> PostgreSQLServer {
        PostgreSQLServer(
            directory: scratch.path + "/postgresql",
            port: try freePort(),
            password: Credentials.password(),
            programs: try PostgreSQLServer.findPrograms(cluster: scratch.path + "/postgresql")
        )
    }

    private static func query(
        _ server: PostgreSQLServer,
        _ sql: String,
        password: String
    ) throws -> SetupCommand.Outcome {
        try SetupCommand(
            server.programs + "/psql",
            ["-h", "127.0.0.1", "-p", "\(server.port)", "-U", "indico", "-d", "indico", "-Atc", sql],
            environment: ["PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"]
        ).run()
    }

    @Test(.enabled(if: isInstalled, "PostgreSQL is not installed"))
    func `a new cluster serves Indico's role with its password, and nobody with another`() throws {
        let scratch = try Scratch()
        let server = try Self.server(in: scratch)
        let account = try Scratch.account
        let log = try LogFile(scratch.path + "/log")
        #expect(try server.prepare(account: account, log: log))
        let process = try TestServer(
            server.postgres,
            ["-D", server.dataDirectory, "-c", "config_file=\(server.directory)/postgresql.conf"],
            account: account,
            log: scratch.path + "/server.log"
        )
        defer { withExtendedLifetime(process) {} }
        let extensions = try eventually {
            let outcome = try Self.query(
                server,
                "SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'",
                password: server.password
            )
            return outcome.succeeded ? outcome.standardOutput : nil
        }
        #expect(extensions == "pg_trgm,unaccent\n")
        // What `indico db prepare` needs: its own schemas, and tables in the public one.
        #expect(
            try Self.query(server, "CREATE SCHEMA x; CREATE TABLE public.t (id int)", password: server.password)
                .succeeded
        )
        #expect(try !Self.query(server, "SELECT 1", password: "wrong").succeeded)
        #expect(try server.prepare(account: account, log: log) == false)
    }

    @Test(.enabled(if: isInstalled, "PostgreSQL is not installed"))
    func `an attempt that was interrupted is cleared away by the next`() throws {
        let scratch = try Scratch()
        let server = try Self.server(in: scratch)
        let account = try Scratch.account
        try FileStore.makeDirectory(server.directory, mode: 0o700, owner: account)
        try FileStore.makeDirectory(server.directory + "/data.incomplete", mode: 0o700, owner: account)
        try FileStore.write("half", to: server.directory + "/data.incomplete/PG_VERSION", mode: 0o600, owner: account)
        #expect(try server.prepare(account: account, log: LogFile(scratch.path + "/log")))
        #expect(!FileStore.exists(server.directory + "/data.incomplete"))
        #expect(FileStore.exists(server.dataDirectory + "/PG_VERSION"))
    }

    @Test(.enabled(if: isInstalled, "PostgreSQL is not installed"))
    func `a lock file of the last boot does not keep the server from starting`() throws {
        let scratch = try Scratch()
        let server = try Self.server(in: scratch)
        let account = try Scratch.account
        _ = try server.prepare(account: account, log: LogFile(scratch.path + "/log"))
        // Killed without a chance to tidy up; then its number is another process's of the same account.
        var killed: TestServer? = try TestServer(
            server.startScriptPath,
            [],
            account: account,
            log: scratch.path + "/1.log"
        )
        let lock = server.dataDirectory + "/postmaster.pid"
        let content = try eventually { try FileStore.text(lock).flatMap { $0.contains("ready") ? $0 : nil } }
        killed = nil
        _ = killed
        let stranger = try TestServer("/bin/sleep", ["1000"], account: account, log: scratch.path + "/2.log")
        defer { withExtendedLifetime(stranger) {} }
        let rest = content.drop { $0 != "\n" }
        try FileStore.write("\(stranger.pid)\(rest)", to: lock, mode: 0o600, owner: account)
        let next = try TestServer(server.startScriptPath, [], account: account, log: scratch.path + "/3.log")
        defer { withExtendedLifetime(next) {} }
        _ = try eventually {
            try Self.query(server, "SELECT 1", password: server.password).succeeded ? true : nil
        }
        #expect(try FileStore.text(lock)?.hasPrefix("\(next.pid)\n") ?? false)
        // A server that does run is not pushed aside.
        let second = try TestServer(server.startScriptPath, [], account: account, log: scratch.path + "/4.log")
        var status: Int32 = 0
        #expect(waitpid(second.pid.rawValue, &status, 0) == second.pid.rawValue)
        #expect(status != 0)
        #expect(try FileStore.text(lock)?.hasPrefix("\(next.pid)\n") ?? false)
    }

    @Test(arguments: [
        (["15"], 15), (["15", "17", "16"], 17), (["13", "14"], nil), ([], nil), (["16", "9.6", "common"], 16),
    ])
    func `a new cluster is of the newest version there is`(names: [String], version: Int?) {
        #expect(PostgreSQLServer.newestVersion(among: names) == version)
    }

    @Test func `data stay with the version they were made with`() throws {
        let scratch = try Scratch()
        for version in ["15", "16"] {
            for program in ["initdb", "postgres"] {
                try FileStore.makeDirectory("\(scratch.path)/\(version)/bin", mode: 0o755)
                try FileStore.write("", to: "\(scratch.path)/\(version)/bin/\(program)", mode: 0o755)
            }
        }
        let cluster = scratch.path + "/cluster"
        #expect(try PostgreSQLServer.findPrograms(cluster: cluster, in: scratch.path) == scratch.path + "/16/bin")
        try FileStore.makeDirectory(cluster + "/data", mode: 0o700)
        try FileStore.write("15\n", to: cluster + "/data/PG_VERSION", mode: 0o600)
        #expect(try PostgreSQLServer.findPrograms(cluster: cluster, in: scratch.path) == scratch.path + "/15/bin")
        try FileStore.write("14\n", to: cluster + "/data/PG_VERSION", mode: 0o600)
        let error = #expect(throws: OperatorError.self) {
            try PostgreSQLServer.findPrograms(cluster: cluster, in: scratch.path)
        }
        #expect(error?.remedy.contains("postgresql-14") ?? false)
    }

    @Test func `the password is in no file but those only the account may read`() throws {
        let server = PostgreSQLServer(directory: "/d", port: 1, password: "hidden", programs: "/p")
        let account = Account(name: "a", userID: 1, group: "g", groupID: 1)
        #expect(!server.configuration.contains("hidden"))
        #expect(!server.accessRules(account: account).contains("hidden"))
    }

    @Test func `over the network only Indico's role may come, and only to its database`() {
        let server = PostgreSQLServer(directory: "/d", port: 1, password: "", programs: "/p")
        let rules = server.accessRules(account: Account(name: "keeper", userID: 1, group: "g", groupID: 1))
            .split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(rules == ["local  all  \"keeper\"  peer", "host  \"indico\"  \"indico\"  127.0.0.1/32  scram-sha-256"])
    }
}
