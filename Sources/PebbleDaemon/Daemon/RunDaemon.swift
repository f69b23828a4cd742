// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport
import NIOCore
import NIOPosix
import PebbleAPI
import Synchronization

/// Runs a daemon until a signal, a service or a check ends it.
///
/// - Parameter options: how it is to run.
/// - Returns: the exit code: 0 at an orderly end, 1 when it could not start, 10 when a service failed that says the
///   daemon shall end then, 11 for a check.
public func runDaemon(_ options: DaemonOptions) async -> Int32 {
    await runDaemon(options, whenReady: nil)
}

/// Runs a daemon, and tells when it serves requests.
///
/// - Parameters:
///   - options: how it is to run.
///   - whenReady: called once, with a closure that asks the daemon to end.
/// - Returns: the exit code, as ``runDaemon(_:)`` has it.
public func runDaemon(
    _ options: DaemonOptions,
    whenReady: (@Sendable (_ stop: @escaping @Sendable () -> Void) -> Void)?
) async -> Int32 {
    do {
        let daemon = try Daemon(options)
        if options.ownsProcess { try await TerminationSignals.take(on: DaemonLoops.main) { daemon.stop() } }
        return try await daemon.run { whenReady? { daemon.stop() } }
    } catch {
        let message = Array("cannot run daemon: \(error)\n".utf8)
        _ = write(2, message, message.count)
        return 1
    }
}

/// Does what a daemon is run by, and waits for its end: for the main thread of a program.
///
/// All is done on the loop of the daemon's supervisor, so that the process has no thread it does not need.
///
/// - Parameter body: what to do.
/// - Returns: what it gives.
/// - Throws: `SystemError` when there can be no pipe to wait at.
package func waitForDaemon(_ body: @escaping @Sendable () async -> Int32) throws(SystemError) -> Int32 {
    DaemonLoops.keepFew()
    let end = try Pipe()
    Task(executorPreference: LoopTaskExecutor(DaemonLoops.main)) {
        var code = await body()
        // So few bytes go into an empty pipe at once.
        _ = write(end.writeEnd, &code, MemoryLayout<Int32>.size)
    }
    var code: Int32 = 1
    while read(end.readEnd, &code, MemoryLayout<Int32>.size) < 0, errno == EINTR {}
    return code
}

/// The event loops of a process that is a daemon and nothing else.
enum DaemonLoops {
    /// The one of the supervisor, and of all who have no reason for another.
    static var main: any EventLoop {
        let loops = MultiThreadedEventLoopGroup.singleton
        return loops.makeIterator().first { _ in true } ?? loops.next()
    }

    /// Two loops are all that a daemon uses, and few threads for what blocks, on however many processors.
    ///
    /// To be called before any loop is used.
    static func keepFew() {
        NIOSingletons.groupLoopCountSuggestion = min(2, System.coreCount)
        NIOSingletons.blockingPoolThreadCountSuggestion = min(4, System.coreCount)
    }
}

/// The signals that ask a daemon to end.
enum TerminationSignals {
    private static let numbers = [SIGINT, SIGTERM, SIGQUIT]

    /// Has a closure called, on a loop, at each of them from now on.
    static func take(on loop: any EventLoop, _ received: @escaping @Sendable () -> Void) async throws {
        signal(SIGPIPE, SIG_IGN)
        // To the original the signal says nothing, and nothing must come of it here.
        signal(SIGUSR1, SIG_IGN)
        let pipe = try Pipe()
        _ = try await NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SignalHandler(received))
                }
            }
            .takingOwnershipOfDescriptor(input: pipe.readEnd).get()
        // A handler may do next to nothing; writing to a descriptor it may. The signal's thread is whichever.
        signalPipe.store(pipe.writeEnd, ordering: .sequentiallyConsistent)
        for number in numbers {
            signal(number) { _ in
                let descriptor = signalPipe.load(ordering: .sequentiallyConsistent)
                var byte: UInt8 = 0
                _ = write(descriptor, &byte, 1)
            }
        }
    }

    private final class SignalHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let received: @Sendable () -> Void

        init(_ received: @escaping @Sendable () -> Void) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { received() }
    }
}

/// Where the signal handler writes: a handler gets no context, so it can only be found by a name.
private let signalPipe = Atomic<Int32>(-1)
