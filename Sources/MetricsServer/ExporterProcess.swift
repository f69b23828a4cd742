// SPDX-License-Identifier: Apache-2.0
package import Logging
import NIOCore
package import ServiceLifecycle
import UnixSignals

/// What the exporters' processes have in common: logging to standard error, one event loop, an orderly end.
package enum ExporterProcess {
    /// Starts logging for the process; lines go to standard error.
    ///
    /// - Parameters:
    ///   - label: The exporter's name.
    ///   - level: The lowest level that is written.
    ///   - format: How lines are written.
    /// - Returns: The process's logger.
    package static func logger(
        _ label: String,
        level: Logger.Level,
        format: StructuredLog.Format = .logfmt
    ) -> Logger {
        Logger(label: label) { _ in StructuredLog(format, level: level) }
    }

    /// Keeps NIO to one thread: an exporter waits far more than it works, and each further thread costs memory.
    ///
    /// To be called before anything uses NIO.
    package static func useOneEventLoop() {
        NIOSingletons.groupLoopCountSuggestion = 1
    }

    /// Runs services until SIGTERM, SIGINT or the end of one of them.
    ///
    /// - Parameters:
    ///   - services: What to run, started in this order and stopped in the reverse.
    ///   - logger: Where the group tells what it does.
    /// - Throws: What a service failed with.
    package static func run(_ services: [any Service], logger: Logger) async throws {
        try await group(services, trapsSignals: true, logger: logger).run()
    }

    /// Makes the group that runs an exporter's services: the end of one is the end of all.
    ///
    /// - Parameters:
    ///   - services: What to run.
    ///   - trapsSignals: Whether SIGTERM and SIGINT end the group.
    ///   - logger: Where the group tells what it does.
    /// - Returns: The group.
    package static func group(_ services: [any Service], trapsSignals: Bool, logger: Logger) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: services.map { service in
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: service,
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup
                )
            },
            gracefulShutdownSignals: trapsSignals ? [.sigterm, .sigint] : [],
            logger: logger
        )
        // A scraper that never reads its answer must not keep the process.
        configuration.maximumGracefulShutdownDuration = .seconds(5)
        return ServiceGroup(configuration: configuration)
    }
}
