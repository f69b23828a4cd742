// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore
import NIOPosix
import PebbleAPI
import PebblePlan
import Synchronization

/// Runs a check once and says what is wrong, if something is.
struct CheckProber: Sendable {
    var loop: any EventLoop
    var tls: TLSClient
    var reaper: ProcessReaper
    var accounts: Accounts
    var environment: [String: String]
    /// Called with the number of a check's command before it runs, and once it has ended.
    var commandBegins: @Sendable (ProcessID) -> Void
    var commandEnded: @Sendable (ProcessID) -> Void

    func run(_ check: Check, plan: Plan) async -> String? {
        let timeout = check.effectiveTimeout
        do {
            switch check.probe {
            case .tcp(let tcp):
                try await TCPProbe(loop: loop, timeout: timeout).run(host: tcp.effectiveHost, port: tcp.port ?? 0)
            case .http(let http):
                try await HTTPProbe(loop: loop, tls: tls, timeout: timeout).run(http)
            case .exec(let exec):
                try await run(exec, timeout: timeout, plan: plan)
            case nil:
                break
            }
            return nil
        } catch let failure as ProbeFailure {
            return failure.description
        } catch {
            return "\(error)"
        }
    }

    private func run(_ check: ExecCheck, timeout: Duration, plan: Plan) async throws {
        let context = check.serviceContext.flatMap { plan.services[$0] }
        let words = try ServiceCommand.split(check.command ?? "")
        var environment = environment
        let user = try accounts.resolve(check.ownership.over(context?.ownership))
        if let user {
            environment["HOME"] = user.home
            environment["USER"] = user.name
        }
        environment.merge(context?.environment ?? [:]) { _, new in new }
        environment.merge(check.environment) { _, new in new }
        let executable = try ServiceLaunch.find(words[0], path: self.environment["PATH"] ?? "")
        var command = Command(executable, Array(words.dropFirst()), environment: environment)
        command.name = words[0]
        command.directory = check.workingDirectory ?? context?.workingDirectory
        command.identity = user?.identity
        command.timeout = timeout
        command.killDelay = .zero
        command.joinsStreams = true
        command.outputLimit = 1 << 20
        // The next daemon begins the check anew.
        command.endsWithParent = true
        // By which all that it starts can be found, should it be killed with the daemon.
        command.standing = .ownSession
        let begun = Mutex<ProcessID?>(nil)
        let commandBegins = commandBegins
        command.beforeExecution = { pid in
            begun.withLock { $0 = pid }
            commandBegins(pid)
        }
        defer { if let pid = begun.withLock({ $0 }) { commandEnded(pid) } }
        let result = try await CommandRunner(reaper: reaper).run(command)
        if result.isTimedOut { throw ProbeFailure.timedOut(timeout) }
        guard !result.exit.isSuccess else { return }
        throw ProbeFailure.of("\(result.exit)", detail: OutputExcerpt.last(5, of: result.outputText))
    }
}

/// Why a check failed.
struct ProbeFailure: Error, Equatable, CustomStringConvertible {
    let description: String

    /// Whether what is waited for did not come in time.
    var isTimeout: Bool { description.hasPrefix("check timed out") }

    static func timedOut(_ duration: Duration) -> ProbeFailure {
        ProbeFailure(description: "check timed out after \(GoDuration(duration))")
    }

    static func of(_ reason: String, detail: String) -> ProbeFailure {
        ProbeFailure(description: detail.isEmpty ? reason : "\(reason); \(detail)")
    }
}

/// A few lines of a longer text, with a mark where the rest was.
enum OutputExcerpt {
    private static let mark = "(...)"

    static func last(_ count: Int, of text: String) -> String {
        let lines = lines(text)
        guard lines.count > count else { return lines.joined(separator: "\n") }
        return ([mark[...]] + lines.suffix(count)).joined(separator: "\n")
    }

    static func first(_ count: Int, of text: String) -> String {
        let lines = lines(text)
        guard lines.count > count else { return lines.joined(separator: "\n") }
        return (lines.prefix(count) + [mark[...]]).joined(separator: "\n")
    }

    private static func lines(_ text: String) -> [Substring] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

/// Opens a connection and closes it again.
struct TCPProbe: Sendable {
    var loop: any EventLoop
    var timeout: Duration

    func run(host: String, port: Int) async throws {
        let channel = try await connect(host: host, port: port)
        try await channel.close()
    }

    func connect(host: String, port: Int) async throws -> any Channel {
        try await open(host: host, port: port).get()
    }

    func open(
        host: String,
        port: Int,
        initialise: (@Sendable (any Channel) -> EventLoopFuture<Void>)? = nil
    ) -> EventLoopFuture<any Channel> {
        var bootstrap = ClientBootstrap(group: loop).connectTimeout(TimeAmount(timeout))
        if let initialise { bootstrap = bootstrap.channelInitializer(initialise) }
        return bootstrap.connect(host: host, port: port).flatMapErrorThrowing { error in
            throw failure(error, "\(host):\(port)")
        }
    }

    private func failure(_ error: any Error, _ address: String) -> ProbeFailure {
        switch error {
        case let error as IOError:
            return refused(address, error.errnoCode)
        case let error as NIOConnectionError:
            guard let attempt = error.connectionErrors.first else {
                return ProbeFailure(description: "dial tcp: lookup \(error.host): no such host")
            }
            // Which of the addresses that the name stands for.
            return failure(attempt.error, HTTPAddress.text(attempt.target))
        case is ChannelError:
            return .timedOut(timeout)
        default:
            return ProbeFailure(description: "dial tcp \(address): \(error)")
        }
    }

    private func refused(_ address: String, _ number: Int32) -> ProbeFailure {
        ProbeFailure(description: "dial tcp \(address): connect: \(SystemError.reason(number))")
    }
}
