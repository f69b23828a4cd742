// SPDX-License-Identifier: Apache-2.0

/// Options given by the environment: `CE_BROKER_URL` stands for `--broker-url`, and so on.
enum EnvironmentArguments {
    private static let options = [
        "broker-url", "broker-url-file", "retry-interval", "host", "port", "buckets", "queue-wait-buckets", "log-level",
        "worker-timeout", "purge-offline-worker-metrics", "queues", "metric-prefix", "default-queue-name",
        "accept-content",
    ]
    /// Options that may be given several times; their variables hold values separated by blanks.
    private static let lists = ["broker-transport-option", "broker-ssl-option", "static-label"]
    private static let flags = ["generic-hostname-task-sent-metric", "generic-hostname-worker-task-metric"]

    /// Adds the environment's options to arguments; what the arguments say themselves wins.
    ///
    /// - Parameters:
    ///   - environment: The environment.
    ///   - arguments: The arguments as they were given.
    /// - Returns: The arguments to parse.
    static func merged(_ environment: [String: String], _ arguments: [String]) -> [String] {
        func value(_ option: String) -> String? {
            let given = arguments.contains { $0 == "--" + option || $0.hasPrefix("--\(option)=") }
            let name = "CE_" + option.uppercased().replacing("-", with: "_")
            return given ? nil : environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let broker = ["broker-url", "broker-url-file"]
        let namesBroker = arguments.contains { argument in
            broker.contains { argument == "--" + $0 || argument.hasPrefix("--\($0)=") }
        }
        var merged = arguments
        for option in options where !(namesBroker && broker.contains(option)) {
            // The short form of --queues counts as given, too.
            if option == "queues", arguments.contains(where: { $0.hasPrefix("-Q") }) { continue }
            if let value = value(option) { merged.append("--\(option)=\(value)") }
        }
        for option in lists {
            for part in value(option)?.split(separator: " ") ?? [] { merged.append("--\(option)=\(part)") }
        }
        for flag in flags where ["1", "true", "yes", "on", "t", "y"].contains(value(flag)?.lowercased()) {
            merged.append("--" + flag)
        }
        return merged
    }
}
