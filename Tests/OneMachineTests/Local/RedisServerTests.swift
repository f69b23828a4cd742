// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Testing

@Suite struct RedisServerTests {
    private static var isInstalled: Bool { FileStore.isExecutable("/usr/bin/redis-check-rdb") }

    private static func ask(_ server: RedisServer, _ words: [String], password: String?) throws -> String {
        try SetupCommand(
            "/usr/bin/redis-cli",
            ["-h", "127.0.0.1", "-p", "\(server.port)"] + words,
            environment: password.map { ["REDISCLI_AUTH": $0] } ?? [:]
        ).run().standardOutput
    }

    private static func start(_ server: RedisServer, _ scratch: Scratch) throws -> TestServer {
        let process = try TestServer(
            server.programPath,
            [server.configurationPath],
            account: Scratch.account,
            log: scratch.path + "/redis.log"
        )
        _ = try eventually { try ask(server, ["PING"], password: server.password) == "PONG\n" ? true : nil }
        return process
    }

    @Test(.enabled(if: isInstalled, "redis-tools is not installed"))
    func `the queue outlives a killed server, and nobody reads it without the password`() throws {
        let scratch = try Scratch()
        let server = RedisServer(
            role: .broker,
            directory: scratch.path + "/broker",
            port: try freePort(),
            password: Credentials.password()
        )
        try server.prepare(account: Scratch.account)
        var process: TestServer? = try Self.start(server, scratch)
        #expect(try Self.ask(server, ["LPUSH", "celery", "task"], password: server.password) == "1\n")
        #expect(try Self.ask(server, ["LLEN", "celery"], password: nil).contains("NOAUTH"))
        // Ended by SIGKILL, without a chance to save.
        process = nil
        process = try Self.start(server, scratch)
        #expect(try Self.ask(server, ["LRANGE", "celery", "0", "-1"], password: server.password) == "task\n")
        withExtendedLifetime(process) {}
    }

    /// Until what was written is in the server's log: it does not write to a disk that is busy with an earlier part.
    private static func untilLogged(_ server: RedisServer) throws {
        _ = try eventually {
            let persistence = try ask(server, ["INFO", "persistence"], password: server.password)
            return persistence.contains("aof_buffer_length:0\r\n")
                && persistence.contains("aof_rewrite_in_progress:0\r\n")
                ? true : nil
        }
    }

    @Test(.enabled(if: isInstalled, "redis-tools is not installed"))
    func `sessions outlive a killed server, ended ones do not, and the process list says whose it is`() throws {
        let scratch = try Scratch()
        let server = RedisServer(
            role: .cache,
            directory: scratch.path + "/cache",
            port: try freePort(),
            password: Credentials.password()
        )
        try server.prepare(account: Scratch.account)
        var process: TestServer? = try Self.start(server, scratch)
        #expect(try Self.ask(server, ["MSET", "k", "v", "ended", "v"], password: server.password) == "OK\n")
        #expect(try Self.ask(server, ["UNLINK", "ended"], password: server.password) == "1\n")
        try Self.untilLogged(server)
        // Ended by SIGKILL, without a chance to save.
        process = nil
        process = try Self.start(server, scratch)
        #expect(try Self.ask(server, ["MGET", "k", "ended"], password: server.password) == "v\n\n")
        #expect(
            try Self.ask(server, ["CONFIG", "GET", "maxmemory-policy"], password: server.password).hasSuffix(
                "volatile-lru\n"
            )
        )
        #expect(ProcessEntry(pid: try #require(process).pid).commandLine.contains(server.configurationPath))
    }

    @Test func `the password is in the configuration file alone, and that is the account's`() throws {
        let scratch = try Scratch()
        let server = RedisServer(role: .cache, directory: scratch.path + "/r", port: 1, password: "hidden")
        try server.prepare(account: Scratch.account)
        let status = try #require(FileStore.status(of: server.configurationPath))
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(status.st_uid == (try Scratch.account.userID))
        #expect(!server.programPath.contains("hidden"))
    }
}
