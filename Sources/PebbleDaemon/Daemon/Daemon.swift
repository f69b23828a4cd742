// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import NIOCore
import NIOPosix
import PebbleAPI
import PebblePlan
import Synchronization

/// A daemon from its start to its end.
final class Daemon: Sendable {
    private let options: DaemonOptions
    private let log: DaemonLog
    private let supervisor: Supervisor
    private let shutdown: ShutdownRequest
    private let listeners: Mutex<[any Channel]> = Mutex([])
    /// Whether the socket is ours to remove: one that was handed over is not.
    private let ownsSocketFile = Atomic(false)

    /// Makes everything but starts nothing.
    init(_ options: DaemonOptions, log: DaemonLog? = nil) throws {
        self.options = options
        Self.leaveBehind(options)
        let now: @Sendable () -> Timestamp = { Timestamp.now() }
        let log =
            log ?? (options.isSilent ? .silent(now: now) : .standardError(isDetailed: options.isDebugging, now: now))
        self.log = log
        let shutdown = ShutdownRequest()
        self.shutdown = shutdown
        let loops = MultiThreadedEventLoopGroup.singleton
        // Those of several daemons in a process (the tests') are spread.
        let loop = options.ownsProcess ? DaemonLoops.main : loops.next()
        // Another than the supervisor's, where the machine has a second processor for it.
        let outputLoop = loops.makeIterator().first { $0 !== loop } ?? loop
        var surroundings = Supervisor.Surroundings(
            loop: loop,
            outputLoop: outputLoop,
            reaper: try ProcessReaper(
                adoptsOrphans: options.ownsProcess,
                // Connections, pipes and files of many at a time; what runs here is not to notice.
                descriptorLimit: options.ownsProcess ? DescriptorLimit.raise() : nil
            ),
            accounts: Accounts(),
            environment: ManagerEnvironment.removed(from: options.environment),
            now: now,
            jitter: { Double.random(in: 0...1) },
            log: log,
            machineBootID: try Machine.bootID(),
            shutDown: { shutdown.request($0) }
        )
        surroundings.forwarding = options.forwarding
        surroundings.limits = options.limits
        surroundings.execPatience = options.execPatience
        surroundings.ownsProcess = options.ownsProcess
        if options.isVerbose {
            let copier = try OutputCopier()
            surroundings.copyOutput = { service, line in copier.copy(service, line) }
        }
        // Containers on one machine share the kernel's, and clients tell by this that a daemon is a new one.
        let bootID = UUID().uuidString.lowercased()
        supervisor = Supervisor(surroundings: surroundings, bootID: bootID, version: options.version)
    }

    /// Asks the daemon to end, as a signal would.
    func stop() { shutdown.request(.success) }

    /// Runs until something asks for the end; returns the exit code.
    func run(ready: @Sendable () -> Void = {}) async throws -> Int32 {
        try DaemonDirectory.prepare(options)
        log.record(.started(by: String(geteuid())))
        let layers = try await loadLayers()
        let inherited = options.ownsProcess ? InheritedSocket.find(options.environment) : nil
        Self.leaveBehind(options)
        let server = HTTPServer(api: API(supervisor: supervisor), pace: options.requestPace)
        let supervisor = supervisor
        // The predecessor's socket tells whether it still lives; what it left is ours only if it does not. Clients
        // come in when all that is dealt with: before, they would see services that are about to go.
        let prepare = { [options] in
            try await supervisor.openState(directory: options.isPersistent ? options.directory : nil)
            await supervisor.stopLeftovers()
            try await Self.loading { () async throws in try await supervisor.load(layers) }
            Self.leaveBehind(options)
        }
        let socket: any Channel
        if let inherited {
            try await prepare()
            socket = try await server.listen(inherited: inherited)
        } else {
            socket = try await SocketClaim.claim(options.socketPath) {
                try await prepare()
                return try await server.listen(socket: options.socketPath)
            }
            ownsSocketFile.store(true, ordering: .relaxed)
        }
        listeners.withLock { $0.append(socket) }
        do {
            try await listenHTTP(server)
            try await listenHTTPS(server)
        } catch {
            await closeListeners()
            throw error
        }
        log.write("Started daemon.")
        ready()
        SystemNotifier(socketPath: options.environment["NOTIFY_SOCKET"]).send("READY=1")
        await supervisor.keepTidy()
        await supervisor.reportAlive(options.environment)
        Self.leaveBehind(options)
        if !options.holds { await autostart() }
        // When the services that start with the daemon have passed their first second.
        await supervisor.rest(in: .milliseconds(1500))
        if inherited != nil { watchForStandby(server.counter) }
        let reason = await shutdown.wait()
        if reason == .standby { Self.say("daemon stop requested to wait for socket activation\n") }
        return await end(reason)
    }

    /// Ends the daemon when it has nothing to do and nobody is connected, as whoever handed over the socket will start
    /// it again for the next client.
    private func watchForStandby(_ counter: ConnectionCounter) {
        supervisor.loop.scheduleTask(in: TimeAmount(options.standbyDelay)) { [self] in
            guard counter.isEmpty, supervisor.assumeIsolated({ $0.isIdle }) else { return watchForStandby(counter) }
            // At once, and on the loop that would take a client in: who comes now waits for the next daemon.
            for channel in listeners.withLock({ $0 }) { channel.close(promise: nil) }
            shutdown.request(.standby)
        }
    }

    private static func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(2, bytes, bytes.count)
    }

    /// Gives back what the part of the start that is over has needed of the program, so that the parts do not add up to
    /// the most that the daemon ever needs.
    private static func leaveBehind(_ options: DaemonOptions) {
        if options.ownsProcess { ProcessMemory.giveBack() }
    }

    private func loadLayers() async throws -> [Layer] {
        let layers = try await Self.loading {
            try LayersDirectory.read("\(options.directory)/layers", accounts: Accounts())
        }
        return try ArgumentsLayer.adding(options.serviceArguments, to: layers)
    }

    /// Says of whatever goes wrong that it is about the plan.
    private static func loading<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw DaemonError(.invalid, "cannot load plan: \(error)")
        }
    }

    private func listenHTTP(_ server: HTTPServer) async throws {
        guard let address = options.httpAddress else { return }
        let (host, port) = try HTTPAddress.parse(address)
        let channel = try await HTTPAddress.listening(on: address) {
            try await server.listen(host: host, port: port)
        }
        listeners.withLock { $0.append(channel) }
        log.write("HTTP API server listening on \"\(address)\".")
        await supervisor.setHTTPAddress(channel.localAddress.map(HTTPAddress.text))
    }

    private func listenHTTPS(_ server: HTTPServer) async throws {
        guard let address = options.httpsAddress else { return }
        // Clients know the daemon by its key, which has to stay.
        guard options.isPersistent else {
            throw DaemonError(.invalid, "cannot serve HTTPS when PEBBLE_PERSIST is \"never\": there is no key to keep")
        }
        let (host, port) = try HTTPAddress.parse(address, to: "TLS listen")
        let now: @Sendable () -> Timestamp = { Timestamp.now() }
        let identity = try ServerIdentity(directory: options.directory, host: host, now: now)
        // Here, so that what is wrong with it is known before anybody connects.
        _ = try identity.context()
        let channel = try await HTTPAddress.listening(on: address, to: "TLS listen") {
            try await server.listen(host: host, port: port, identity: identity)
        }
        listeners.withLock { $0.append(channel) }
        log.write("HTTPS API server listening on \"\(address)\".")
        await supervisor.setHTTPSAddress(channel.localAddress.map(HTTPAddress.text))
    }

    private func autostart() async {
        do {
            let change = try await supervisor.autostart()
            log.write("Started default services with change \(change.id).")
        } catch {
            log.write("Cannot start default services: \(error)")
        }
    }

    private func end(_ reason: ShutdownReason) async -> Int32 {
        SystemNotifier(socketPath: options.environment["NOTIFY_SOCKET"]).send("STOPPING=1")
        log.write("Exiting on \(reason.text).")
        log.record(.ended(by: String(geteuid())))
        await supervisor.silenceChecks()
        await supervisor.abortCommands()
        await supervisor.stopAllServices()
        await closeListeners()
        await supervisor.finishForwarding()
        await supervisor.endUpkeep()
        await supervisor.finishState()
        return reason.exitCode
    }

    private func closeListeners() async {
        let channels = listeners.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in channels {
            // The end is near in any case.
            try? await channel.close()
        }
        if !channels.isEmpty, ownsSocketFile.load(ordering: .relaxed) { unlink(options.socketPath) }
    }
}

extension ShutdownReason {
    fileprivate var text: String {
        switch self {
        case .success: "request"
        case .serviceFailure: "service failure"
        case .checkFailure: "check failure"
        case .standby: "standby"
        }
    }
}

extension Supervisor {
    /// Whether nothing runs, and nothing is to be done.
    var isIdle: Bool {
        runners.values.allSatisfy { $0.machine.isAtRest && $0.process == nil && $0.leftoverGroup == nil }
            && document.changes.values.allSatisfy { $0.readyTime != nil } && execSessions.isEmpty
    }

    func setHTTPAddress(_ address: String?) { httpAddress = address }

    func setHTTPSAddress(_ address: String?) { httpsAddress = address }

    /// Reads the state that is kept, if any is.
    func openState(directory: String?) throws {
        guard let directory else { return }
        let (store, document) = try StateStore.open(directory: directory, now: now)
        self.store = store
        self.document = document
        lastNoticeTime = document.notices.map(\.lastRepeated).max() ?? lastNoticeTime
    }

    /// Ends what a daemon before this one left running when it crashed.
    func stopLeftovers() async {
        let records = Array(document.processes.values)
        guard !records.isEmpty else { return }
        await LeftoverProcesses.terminate(records, bootID: surroundings.machineBootID, log: surroundings.log)
        for record in records {
            document.processes[record.key] = nil
            save(.processGone(service: record.key))
        }
    }
}

/// The request to end, made at most once.
final class ShutdownRequest: Sendable {
    private struct State {
        var reason: ShutdownReason?
        var waiter: CheckedContinuation<ShutdownReason, Never>?
    }

    private let state = Mutex(State())

    func request(_ reason: ShutdownReason) {
        let waiter = state.withLock { state -> CheckedContinuation<ShutdownReason, Never>? in
            guard state.reason == nil else { return nil }
            state.reason = reason
            return state.waiter.take()
        }
        waiter?.resume(returning: reason)
    }

    func wait() async -> ShutdownReason {
        await withCheckedContinuation { continuation in
            let reason = state.withLock { state in
                if state.reason == nil { state.waiter = continuation }
                return state.reason
            }
            if let reason { continuation.resume(returning: reason) }
        }
    }
}
