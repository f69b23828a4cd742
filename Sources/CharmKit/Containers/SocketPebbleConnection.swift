// SPDX-License-Identifier: Apache-2.0

import PebbleAPI
import PebbleClient
import PebblePlan

/// A container's Pebble over its Unix socket.
public struct SocketPebbleConnection: PebbleConnection {
    private let container: String
    private let client: PebbleClient

    /// Creates a connection; nothing is connected until the first call.
    ///
    /// - Parameters:
    ///   - container: The container's name, for errors.
    ///   - socket: The path of Pebble's socket.
    public init(container: String, socket: String) {
        self.container = container
        // A Pebble that is well answers in milliseconds; a hook must not hang on one that is not.
        client = PebbleClient(socketPath: socket, timeout: .seconds(10))
    }

    private func call<Value>(
        _ operation: String,
        _ body: () throws(PebbleClientError) -> Value
    ) throws(ContainerError) -> Value {
        do throws(PebbleClientError) {
            return try body()
        } catch {
            throw ContainerError(
                kind: ContainerError.Kind(error),
                container: container,
                operation: operation,
                message: error.description
            )
        }
    }

    /// Asks who the daemon is.
    public func systemInfo() throws -> SystemInfo {
        try call("ask who Pebble is") { () throws(PebbleClientError) in try client.systemInfo() }
    }

    /// Reads the combined plan.
    public func plan() throws -> Plan {
        let text = try call("read the plan") { () throws(PebbleClientError) in try client.planYAML() }
        do throws(PlanError) {
            let layer = try Layer.parse(yaml: text, label: "plan")
            var plan = Plan()
            (plan.services, plan.checks) = (layer.services, layer.checks)
            (plan.logTargets, plan.workloads, plan.pairing) = (layer.logTargets, layer.workloads, layer.pairing)
            return plan
        } catch {
            throw ContainerError(
                kind: .invalidPlan,
                container: container,
                operation: "read the plan",
                message: error.description
            )
        }
    }

    /// Adds a layer, or with `combine` lays it over the one of the same label.
    public func addLayer(_ layer: Layer, combine: Bool) throws {
        do throws(ContainerError) {
            try call("add layer \(layer.label)") { () throws(PebbleClientError) in
                try client.addLayer(label: layer.label, yaml: layer.yaml(), combine: combine)
            }
        } catch {
            throw ContainerError(
                kind: error.kind == .refused ? .invalidPlan : error.kind,
                container: container,
                operation: error.operation,
                message: error.message
            )
        }
    }

    /// Does something with services and waits until it is done.
    public func perform(_ operation: ServiceOperation, services: [String], timeout: Duration) throws {
        let names = services.isEmpty ? "services" : services.joined(separator: ", ")
        _ = try call("\(operation.rawValue) \(names)") { () throws(PebbleClientError) in
            try client.perform(operation.kind, services, timeout: timeout)
        }
    }

    /// Reads what services do; of all when none are named.
    public func services(_ names: [String]) throws -> [ServiceInfo] {
        try call("read services") { () throws(PebbleClientError) in try client.services(names) }
    }

    /// Reads what checks say; of all when none are named.
    public func checks(_ names: [String], level: CheckLevel?) throws -> [CheckInfo] {
        try call("read checks") { () throws(PebbleClientError) in try client.checks(names, level: level) }
    }

    /// Starts or stops checks and says which changed.
    public func setChecks(_ names: [String], running: Bool) throws -> [String] {
        try call("\(running ? "start" : "stop") checks") { () throws(PebbleClientError) in
            try running ? client.startChecks(names) : client.stopChecks(names)
        }
    }

    /// Runs a command and waits for it.
    public func execute(_ command: ExecCommand) throws -> ExecResult {
        var exec = ExecCall(command.words)
        exec.serviceContext = command.serviceContext
        exec.environment = command.environment
        exec.workingDirectory = command.workingDirectory
        exec.timeout = command.timeout
        exec.ownership = command.ownership
        exec.input = .bytes(command.input)
        let operation = "run \(command.words.first ?? "nothing")"
        let outcome: ExecOutcome
        do throws(PebbleClientError) {
            outcome = try client.exec(exec)
        } catch {
            var kind = ContainerError.Kind(error)
            // Pebble ends a command that takes too long by failing its change.
            if kind == .changeFailed { kind = error.description.has("timed out") ? .timedOut : .refused }
            throw ContainerError(kind: kind, container: container, operation: operation, message: error.description)
        }
        return ExecResult(
            exitCode: outcome.exitCode,
            standardOutput: outcome.standardOutput,
            standardError: outcome.standardError
        )
    }

    /// Sends a signal to services.
    public func signal(_ name: String, services: [String]) throws {
        try call("send \(name) to \(services.joined(separator: ", "))") { () throws(PebbleClientError) in
            try client.sendSignal(name, to: services)
        }
    }

    /// Records a custom notice and says its id.
    public func notify(key: String, data: [String: String], repeatAfter: Duration?) throws -> String {
        try call("record notice \(key)") { () throws(PebbleClientError) in
            try client.addNotice(key: key, data: data, repeatAfter: repeatAfter)
        }
    }

    /// Reads notices, all of them or of the types and keys given.
    public func notices(types: [NoticeType], keys: [String]) throws -> [Notice] {
        try call("read notices") { () throws(PebbleClientError) in try client.notices(types: types, keys: keys) }
    }
}

extension SocketPebbleConnection {
    /// Reads a file.
    public func readFile(_ path: String) throws -> [UInt8] {
        try call("read \(path)") { () throws(PebbleClientError) in try client.readFile(path) }
    }

    /// Writes a file, all of it or nothing.
    public func writeFile(_ path: String, _ content: [UInt8], options: FileOptions) throws {
        try call("write \(path)") { () throws(PebbleClientError) in
            try client.writeFile(
                path,
                content,
                permissions: options.permissions,
                ownership: options.ownership,
                makeParents: options.makeParents
            )
        }
    }

    /// Lists a directory's entries, or with `itself` the path alone.
    public func listFiles(_ path: String, pattern: String?, itself: Bool) throws -> [FileInfo] {
        try call("list \(path)") { () throws(PebbleClientError) in
            try client.listFiles(path, pattern: pattern, itself: itself)
        }
    }

    /// Makes a directory.
    public func makeDirectory(_ path: String, options: FileOptions) throws {
        try call("make directory \(path)") { () throws(PebbleClientError) in
            try client.makeDirectory(
                path,
                makeParents: options.makeParents,
                permissions: options.permissions,
                ownership: options.ownership
            )
        }
    }

    /// Removes a file or directory; with `recursive` what it holds too, and then an absent one is fine.
    public func removePath(_ path: String, recursive: Bool) throws {
        try call("remove \(path)") { () throws(PebbleClientError) in try client.remove(path, recursive: recursive) }
    }
}

extension ContainerError.Kind {
    fileprivate init(_ error: PebbleClientError) {
        switch error {
        case .notReachable: self = .notReachable
        case .timedOut: self = .timedOut
        case .changeFailed: self = .changeFailed
        case .refused, .fileFailed, .badReply:
            if error.isNotFound {
                self = .notFound
            } else if error.kind == .permissionDenied {
                self = .permissionDenied
            } else {
                self = .refused
            }
        }
    }
}

extension ServiceOperation {
    fileprivate var kind: ServiceCommandKind {
        switch self {
        case .start: .start
        case .stop: .stop
        case .restart: .restart
        case .replan: .replan
        case .autostart: .autostart
        }
    }
}
