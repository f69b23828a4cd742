// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import YAMLTree

extension Plan {
    /// The plan as YAML, as `pebble plan` shows it: only what was set, and every check's threshold.
    public func yaml() -> String {
        var sections: [(String, YAMLNode)] = []
        var checks = checks
        for (name, check) in checks { checks[name]?.threshold = check.effectiveThreshold }
        sections.addEntries("services", services) { $0.node }
        sections.addEntries("checks", checks) { $0.node }
        sections.addEntries("log-targets", logTargets) { $0.node }
        sections.addEntries("workloads", workloads) { $0.node }
        if let pairing { sections.append(("pairing", .map([("mode", .string(pairing.rawValue))]))) }
        return YAMLNode.map(sections).rendered()
    }
}

extension Layer {
    /// The layer as YAML: only what was set.
    public func yaml() -> String {
        var sections: [(String, YAMLNode)] = []
        sections.add("summary", summary)
        sections.add("description", description)
        sections.addEntries("services", services) { $0.node }
        sections.addEntries("checks", checks) { $0.node }
        sections.addEntries("log-targets", logTargets) { $0.node }
        sections.addEntries("workloads", workloads) { $0.node }
        if let pairing { sections.append(("pairing", .map([("mode", .string(pairing.rawValue))]))) }
        return YAMLNode.map(sections).rendered()
    }
}

extension [(String, YAMLNode)] {
    fileprivate mutating func add(_ name: String, _ value: String?) {
        if let value { append((name, .string(value))) }
    }

    fileprivate mutating func add(_ name: String, _ value: Int?) {
        if let value { append((name, .integer(value))) }
    }

    fileprivate mutating func add(_ name: String, _ value: Duration?) {
        if let value { append((name, .string(GoDuration(value).description))) }
    }

    fileprivate mutating func add(_ name: String, _ values: [String]) {
        if !values.isEmpty { append((name, .list(values.map(YAMLNode.string)))) }
    }

    fileprivate mutating func add(_ name: String, _ values: [String: String]) {
        if values.isEmpty { return }
        append((name, .map(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
    }

    fileprivate mutating func addEntries<Entry>(
        _ name: String,
        _ entries: [String: Entry],
        node: (Entry) -> YAMLNode
    ) {
        if entries.isEmpty { return }
        append((name, .map(entries.sorted { $0.key < $1.key }.map { ($0.key, node($0.value)) })))
    }
}

extension Service {
    fileprivate var node: YAMLNode {
        var fields: [(String, YAMLNode)] = []
        fields.add("summary", summary)
        fields.add("description", description)
        fields.add("startup", startup?.rawValue)
        fields.add("override", override?.word)
        fields.add("command", command)
        fields.add("after", after)
        fields.add("before", before)
        fields.add("requires", requires)
        fields.add("workload", workload)
        fields.add("environment", environment)
        fields.add("user-id", userID)
        fields.add("user", user)
        fields.add("group-id", groupID)
        fields.add("group", group)
        fields.add("working-dir", workingDirectory)
        fields.add("on-success", onSuccess?.rawValue)
        fields.add("on-failure", onFailure?.rawValue)
        fields.add("on-check-failure", onCheckFailure.mapValues(\.rawValue))
        fields.add("backoff-delay", backoffDelay)
        if let backoffFactor { fields.append(("backoff-factor", .number(backoffFactor))) }
        fields.add("backoff-limit", backoffLimit)
        fields.add("kill-delay", killDelay)
        return .map(fields)
    }
}

extension Check {
    fileprivate var node: YAMLNode {
        var fields: [(String, YAMLNode)] = []
        fields.add("override", override?.word)
        fields.add("level", level?.rawValue)
        fields.add("startup", startup?.rawValue)
        fields.add("period", period)
        fields.add("timeout", timeout)
        fields.add("threshold", threshold)
        if let http {
            var inner: [(String, YAMLNode)] = []
            inner.add("url", http.url)
            inner.add("headers", http.headers)
            fields.append(("http", .map(inner)))
        }
        if let tcp {
            var inner: [(String, YAMLNode)] = []
            inner.add("port", tcp.port)
            inner.add("host", tcp.host)
            fields.append(("tcp", .map(inner)))
        }
        if let exec { fields.append(("exec", exec.node)) }
        return .map(fields)
    }
}

extension ExecCheck {
    fileprivate var node: YAMLNode {
        var fields: [(String, YAMLNode)] = []
        fields.add("command", command)
        fields.add("service-context", serviceContext)
        fields.add("environment", environment)
        fields.add("user-id", userID)
        fields.add("user", user)
        fields.add("group-id", groupID)
        fields.add("group", group)
        fields.add("working-dir", workingDirectory)
        return .map(fields)
    }
}

extension LogTarget {
    fileprivate var node: YAMLNode {
        var fields: [(String, YAMLNode)] = []
        fields.add("type", type?.rawValue)
        fields.add("location", location)
        fields.append(("services", .list(services.map(YAMLNode.string))))
        fields.add("override", override?.word)
        fields.add("labels", labels)
        return .map(fields)
    }
}

extension Workload {
    fileprivate var node: YAMLNode {
        var fields: [(String, YAMLNode)] = []
        fields.add("override", override?.word)
        fields.add("environment", environment)
        fields.add("user-id", userID)
        fields.add("user", user)
        fields.add("group-id", groupID)
        fields.add("group", group)
        return .map(fields)
    }
}
