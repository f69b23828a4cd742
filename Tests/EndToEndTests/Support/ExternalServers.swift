// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine

/// PostgreSQL and two Redis servers as somebody else runs them: other names, other ports, and passwords that need care
/// in an address.
final class ExternalServers {
    static let password = "p@ss/w:rd %42"
    let databasePort: UInt16
    let cachePort: UInt16
    let brokerPort: UInt16
    private let account: Account
    private let programs: String
    private let directory: String
    private var processes: [SideProcess] = []

    init(scratch: String) throws {
        guard let account = geteuid() == 0 ? Account.named("nobody") : try Account.current() else {
            throw Failure("there is no account nobody")
        }
        self.account = account
        directory = scratch + "/elsewhere"
        programs = try PostgreSQLServer.findPrograms(cluster: directory)
        try FileStore.makeDirectory(directory, mode: 0o700, owner: account)
        databasePort = try SideProcess.freePort(from: 25432, for: "a database")
        cachePort = try SideProcess.freePort(from: 26379, for: "a cache")
        brokerPort = try SideProcess.freePort(from: 26479, for: "a broker")
        try startDatabase()
        for (name, port) in [("cache", cachePort), ("broker", brokerPort)] { try startRedis(name, port) }
    }

    private func startDatabase() throws {
        let data = directory + "/data"
        try run([
            "\(programs)/initdb", "--pgdata", data, "--username", "super", "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--auth-local", "trust", "--auth-host", "scram-sha-256",
        ])
        processes.append(
            try SideProcess(
                [
                    "\(programs)/postgres", "-D", data, "-p", String(databasePort), "-c", "listen_addresses=127.0.0.1",
                    "-c", "unix_socket_directories=\(directory)",
                ],
                account: account,
                log: directory + ".postgresql.log"
            )
        )
        _ = try eventually("the external database", within: .seconds(60)) {
            try? query("SELECT 1", database: "postgres")
        }
        _ = try query("CREATE ROLE \"chair_person\" LOGIN PASSWORD '\(Self.password)'", database: "postgres")
        _ = try query("CREATE DATABASE meetings OWNER \"chair_person\"", database: "postgres")
        for name in PostgreSQLServer.extensions { _ = try query("CREATE EXTENSION \(name)", database: "meetings") }
    }

    private func startRedis(_ name: String, _ port: UInt16) throws {
        let pipe = try Pipe()
        let text = Array("bind 127.0.0.1\nport \(port)\nsave \"\"\nrequirepass \"\(Self.password)\"\n".utf8)
        _ = write(pipe.writeEnd, text, text.count)
        pipe.closeWriteEnd()
        defer { pipe.closeReadEnd() }
        processes.append(
            try SideProcess(
                ["/usr/bin/redis-server", "-"],
                // The same program, which goes by the name it is called by; redis-server is a package of its own.
                executable: "/usr/bin/redis-check-rdb",
                account: account,
                input: pipe.readEnd,
                log: directory + ".\(name).log"
            )
        )
        _ = try eventually("the external \(name)", within: .seconds(30)) {
            WantedPort(port, purpose: name).isFree() ? nil : true
        }
    }

    var databaseAddress: String {
        "postgresql://\(ServerURL.encoded("chair_person")):\(ServerURL.encoded(Self.password))@127.0.0.1:\(databasePort)/meetings"
    }

    func redisAddress(_ port: UInt16) -> String {
        "redis://:\(ServerURL.encoded(Self.password))@127.0.0.1:\(port)"
    }

    /// What the database's owner sees, by the socket.
    func query(_ statement: String, database: String = "meetings") throws -> String {
        try run([
            "/usr/bin/psql", "-h", directory, "-p", String(databasePort), "-U", "super", "-d", database, "-X", "-A",
            "-t", "-v", "ON_ERROR_STOP=1", "-c", statement,
        ])
    }

    /// How many keys a Redis server holds.
    func keys(_ port: UInt16) throws -> Int {
        let outcome = try SetupCommand(
            "/usr/bin/redis-cli",
            ["-p", String(port), "dbsize"],
            environment: ["REDISCLI_AUTH": Self.password]
        ).run()
        guard let count = Int(outcome.standardOutput.filter(\.isNumber)) else {
            throw Failure("dbsize of \(port): \(outcome.standardOutput)")
        }
        return count
    }

    @discardableResult
    private func run(_ words: [String]) throws -> String {
        let outcome = try SetupCommand(words[0], Array(words.dropFirst()), account: account).run()
        try ensure(outcome.succeeded, outcome.lastLines.joined(separator: "\n"))
        return outcome.standardOutput
    }
}
