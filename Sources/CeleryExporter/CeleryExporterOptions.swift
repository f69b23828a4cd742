// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging

/// The options of danihodovic/celery-exporter, and `--broker-url-file`.
struct CeleryOptions: ParsableArguments {
    @Option(help: "The url to the broker, e.g redis://1.2.3.4. Visible to every user of the machine.")
    var brokerURL: String?

    @Option(help: "A file that holds the url to the broker; read again at every connection.")
    var brokerURLFile: String?

    @Option(help: "Celery broker transport option; global_keyprefix=PREFIX has effect.")
    var brokerTransportOption: [String] = []

    @Option(help: "Seconds after which a broken connection to the broker is tried again; 0 ends the exporter instead.")
    var retryInterval = 0.0

    @Option(help: "The host the exporter will listen on.")
    var host = "0.0.0.0"

    @Option(help: "The port the exporter will listen on.")
    var port = 9808

    @Option(help: "Buckets for runtime histogram.")
    var buckets = BucketList(bounds: CelerySettings.standardBuckets)

    @Option(help: "Buckets for queue wait time histogram; needs task_send_sent_event.")
    var queueWaitBuckets = BucketList(bounds: CelerySettings.standardWaitBuckets)

    @Option(help: "TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    var logLevel = LogLevel(level: .info)

    @Option(help: "Seconds without a heartbeat after which a worker counts as down; 0 for never.")
    var workerTimeout = 300.0

    @Option(help: "Seconds without a heartbeat after which a worker's metrics are forgotten; 0 for never.")
    var purgeOfflineWorkerMetrics = 600.0

    @Flag(help: "Label celery_task_sent_total with the host \"generic\".")
    var genericHostnameTaskSentMetric = false

    @Flag(help: "Label the other task metrics with the host \"generic\".")
    var genericHostnameWorkerTaskMetric = false

    @Option(name: [.customShort("Q"), .long], help: "A comma separated list of queues to show from the start.")
    var queues: String?

    @Option(help: "What every metric's name begins with.")
    var metricPrefix = "celery_"

    @Option(help: "The queue of tasks whose sending was not seen.")
    var defaultQueueName = "celery"

    @Option(help: "A label, NAME=VALUE, that every metric gets.")
    var staticLabel: [String] = []

    @Option(help: "Accepted for compatibility; JSON and the plain data in pickles are read, nothing is ever run.")
    var acceptContent: String?

    @Option(
        help: "TLS to the broker, e.g. ssl_ca_certs=/etc/ssl/ca.pem; also ssl_cert_reqs, ssl_certfile, ssl_keyfile."
    )
    var brokerSSLOption: [String] = []

    mutating func validate() throws {
        if (brokerURL == nil) == (brokerURLFile == nil) {
            throw ValidationError("Give the broker by one of --broker-url and --broker-url-file.")
        }
        var security = BrokerSecurity()
        for (name, value) in try sslOptions { try check { try security.set(name, value) } }
        if let brokerURL { try check { try BrokerURL(brokerURL) } }
        if !(0...65_535).contains(port) { throw ValidationError("--port is between 0 and 65535.") }
        let seconds = [retryInterval, workerTimeout, purgeOfflineWorkerMetrics]
        if !seconds.allSatisfy({ $0 >= 0 && $0 < 1e9 }) { throw ValidationError("Seconds are not negative.") }
        for label in staticLabel where !isLabel(label) {
            throw ValidationError("A static label is NAME=VALUE, not \"\(label)\".")
        }
    }

    /// Where the broker's URL comes from.
    ///
    /// - Returns: The source.
    /// - Throws: `BrokerURL.Problem` when the URL is no good.
    func source() throws -> BrokerSource {
        var source: BrokerSource = try brokerURLFile.map { .file($0) } ?? .url(try BrokerURL(brokerURL ?? ""))
        source.options = try sslOptions
        return source
    }

    private var sslOptions: [String: String] {
        get throws {
            var options: [String: String] = [:]
            for option in brokerSSLOption {
                let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else {
                    throw ValidationError("An option for TLS is NAME=VALUE, not \"\(option)\".")
                }
                options[String(parts[0])] = String(parts[1])
            }
            return options
        }
    }

    /// How the metrics are to be.
    var settings: CelerySettings {
        var settings = CelerySettings()
        settings.buckets = buckets.bounds
        settings.waitBuckets = queueWaitBuckets.bounds
        settings.workerTimeout = .seconds(workerTimeout)
        settings.purgeAfter = .seconds(purgeOfflineWorkerMetrics)
        settings.genericSentHost = genericHostnameTaskSentMetric
        settings.genericWorkerHost = genericHostnameWorkerTaskMetric
        settings.queues = queues?.split(separator: ",").map(String.init) ?? []
        settings.prefix = metricPrefix
        settings.defaultQueue = defaultQueueName
        for label in staticLabel {
            let parts = label.split(separator: "=", maxSplits: 1)
            settings.staticLabels[String(parts[0])] = String(parts[1])
        }
        let prefix = "global_keyprefix="
        if let option = brokerTransportOption.last(where: { $0.hasPrefix(prefix) }) {
            settings.keyPrefix = String(option.dropFirst(prefix.count))
        }
        return settings
    }

    private func check(_ body: () throws -> some Any) throws {
        do {
            _ = try body()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func isLabel(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let first = parts[0].utf8.first else { return false }
        let letters = parts[0].utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        return letters && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    }
}

/// Bounds separated by commas.
struct BucketList: ExpressibleByArgument {
    let bounds: [Double]

    init(bounds: [Double]) {
        self.bounds = bounds
    }

    init?(argument: String) {
        let texts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = texts.compactMap { Double(String($0.filter { $0 != " " })) }
        guard numbers.count == texts.count, !numbers.contains(where: \.isNaN) else { return nil }
        bounds = numbers
    }

    var defaultValueDescription: String { bounds.map(\.description).joined(separator: ",") }
}

/// The severities of the original's logger.
struct LogLevel: ExpressibleByArgument {
    let level: Logger.Level

    init(level: Logger.Level) {
        self.level = level
    }

    init?(argument: String) {
        let known: [String: Logger.Level] = [
            "trace": .trace, "debug": .debug, "info": .info, "success": .notice, "warning": .warning, "error": .error,
            "critical": .critical,
        ]
        guard let level = known[argument.lowercased()] else { return nil }
        self.level = level
    }

    var defaultValueDescription: String { level.rawValue.uppercased() }
}
