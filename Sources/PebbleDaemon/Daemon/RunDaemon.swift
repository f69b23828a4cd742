// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
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
        let signals = options.ownsProcess ? try TerminationSignals { daemon.stop() } : nil
        let code = try await daemon.run { whenReady? { daemon.stop() } }
        withExtendedLifetime(signals) {}
        return code
    } catch {
        let message = Array("cannot run daemon: \(error)\n".utf8)
        _ = write(2, message, message.count)
        return 1
    }
}

/// The signals that ask a daemon to end, taken by a thread of their own.
final class TerminationSignals: Sendable {
    private static let numbers = [SIGINT, SIGTERM, SIGQUIT]

    init(_ received: @escaping @Sendable () -> Void) throws(SystemError) {
        signal(SIGPIPE, SIG_IGN)
        // To the original the signal says nothing, and nothing must come of it here.
        signal(SIGUSR1, SIG_IGN)
        let pipe = try Pipe()
        // A handler may do next to nothing; writing to a descriptor it may. The signal's thread is whichever.
        signalPipe.store(pipe.writeEnd, ordering: .sequentiallyConsistent)
        for number in Self.numbers {
            signal(number) { _ in
                let descriptor = signalPipe.load(ordering: .sequentiallyConsistent)
                var byte: UInt8 = 0
                _ = write(descriptor, &byte, 1)
            }
        }
        try startThread(named: "signals") {
            var byte: UInt8 = 0
            while read(pipe.readEnd, &byte, 1) != 0 { received() }
        }
    }
}

/// Where the signal handler writes: a handler gets no context, so it can only be found by a name.
private let signalPipe = Atomic<Int32>(-1)
