// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import NIOCore
import NIOPosix

@testable import CeleryExporter

/// A real Redis server with a password, for one test.
final class RedisServer: Sendable {
    /// Debian's redis-tools has the server under another name: it goes by the name it is called.
    static let executable = ["/usr/bin/redis-server", "/usr/bin/redis-check-rdb"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    static let password = "s3cret/with@signs"

    let url: BrokerURL
    let directory: String
    private let reaper: ProcessReaper
    private let port: Int

    private init(directory: String, port: Int) throws {
        self.directory = directory
        self.port = port
        reaper = try ProcessReaper()
        url = try BrokerURL("redis://:\(Self.password)@127.0.0.1:\(port)/1")
    }

    /// Runs a body with a server's place, which is not started yet, and tidies up after it.
    static func with(_ body: (RedisServer) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let server = try RedisServer(directory: directory, port: try await freePort())
        let failure: (any Error)?
        do {
            try await body(server)
            failure = nil
        } catch {
            failure = error
        }
        try FileManager.default.removeItem(atPath: directory)
        if let failure { throw failure }
    }

    /// Runs a body while the server runs.
    ///
    /// With `tls` it speaks TLS only, by the certificate in its directory, and it is not waited for.
    func running(tls: Bool = false, _ body: () async throws -> Void) async throws {
        let encryption = """
            port 0
            tls-port \(port)
            tls-cert-file \(directory)/server.crt
            tls-key-file \(directory)/server.key
            tls-auth-clients no
            """
        let configuration = """
            \(tls ? encryption : "port \(port)")
            bind 127.0.0.1
            requirepass \(Self.password)
            dir \(directory)
            save ""
            """
        try Data(configuration.utf8).write(to: URL(filePath: directory + "/redis.conf"))
        let child = try reaper.spawn(
            SpawnRequest(
                executable: Self.executable ?? "",
                arguments: ["redis-server", directory + "/redis.conf"],
                environment: [:]
            )
        )
        let failure: (any Error)?
        do {
            if !tls { try await waitUntilItAnswers(url) }
            try await body()
            failure = nil
        } catch {
            failure = error
        }
        child.send(.kill)
        _ = await child.exit()
        if let failure { throw failure }
    }

    /// Sends one command.
    @discardableResult
    func send(_ first: String, _ second: String = "", _ third: String = "") async throws -> RESPValue {
        try await RedisSession.open(url, BrokerTLS(), silence: .seconds(5)) { session in
            if third.isEmpty {
                return second.isEmpty ? try await session.send(first) : try await session.send(first, second)
            }
            return try await session.send(first, second, third)
        }
    }

    /// Its URL when it speaks TLS.
    func encryptedURL(query: String) throws -> BrokerURL {
        try BrokerURL("rediss://:\(Self.password)@127.0.0.1:\(port)/1?\(query)")
    }

    func waitUntilItAnswers(_ url: BrokerURL) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        while true {
            do {
                _ = try await RedisSession.open(url, BrokerTLS(), silence: .seconds(5)) { session in
                    try await session.send("PING")
                }
                return
            } catch {
                if ContinuousClock.now > deadline { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}
