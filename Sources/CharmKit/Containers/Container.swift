// SPDX-License-Identifier: Apache-2.0

public import PebbleAPI
public import PebblePlan

/// A workload container, through its Pebble.
///
/// Every failure is a ``ContainerError``. A container may go at any time, so ``canConnect()`` says only how it was;
/// calls after it can still fail with ``ContainerError/Kind/notReachable``.
public struct Container {
    /// The container's name in the charm's metadata.
    public let name: String

    let connection: any PebbleConnection

    /// Creates a container over a connection.
    ///
    /// - Parameters:
    ///   - name: The container's name.
    ///   - connection: The connection to its Pebble.
    public init(name: String, connection: any PebbleConnection) {
        self.name = name
        self.connection = connection
    }

    /// Whether Pebble answers now.
    public func canConnect() -> Bool {
        do {
            _ = try connection.systemInfo()
            return true
        } catch {
            return false
        }
    }

    /// How long service operations may take unless told otherwise.
    public static let defaultTimeout = Duration.seconds(30)

    /// Reads the combined plan.
    public func plan() throws -> Plan {
        try connection.plan()
    }

    /// Adds a layer.
    ///
    /// - Parameters:
    ///   - layer: The layer; its label names it.
    ///   - combine: Whether to lay it over an existing layer of that label, which is otherwise an error.
    /// - Throws: ``ContainerError`` of kind ``ContainerError/Kind/invalidPlan`` when Pebble refuses it.
    public func addLayer(_ layer: Layer, combine: Bool = true) throws {
        try connection.addLayer(layer, combine: combine)
    }

    /// Reads what services do, by name.
    ///
    /// - Parameter names: The services; all when none are named.
    /// - Returns: The services; one that is not in the plan is absent.
    /// - Throws: ``ContainerError`` when Pebble cannot be asked.
    public func services(_ names: [String] = []) throws -> [String: ServiceInfo] {
        Dictionary(try connection.services(names).map { ($0.name, $0) }) { first, _ in first }
    }

    /// Starts services of startup enabled and restarts those whose configuration changed; waits for it.
    public func replan(timeout: Duration = Self.defaultTimeout) throws {
        try connection.perform(.replan, services: [], timeout: timeout)
    }

    /// Starts services and what they require; waits until they have run for a second.
    public func start(_ names: [String], timeout: Duration = Self.defaultTimeout) throws {
        try perform(.start, names, timeout)
    }

    /// Stops services and what requires them; waits for it.
    public func stop(_ names: [String], timeout: Duration = Self.defaultTimeout) throws {
        try perform(.stop, names, timeout)
    }

    /// Restarts services, starting those that do not run; waits for it.
    public func restart(_ names: [String], timeout: Duration = Self.defaultTimeout) throws {
        try perform(.restart, names, timeout)
    }

    private func perform(_ operation: ServiceOperation, _ names: [String], _ timeout: Duration) throws {
        guard !names.isEmpty else { return }
        try connection.perform(operation, services: names, timeout: timeout)
    }

    /// Sends a signal to services.
    ///
    /// - Parameters:
    ///   - signal: The signal's name, for example `SIGHUP`.
    ///   - names: The services; each must be running.
    /// - Throws: ``ContainerError`` when one is not running, or Pebble cannot be asked.
    public func signal(_ signal: String, _ names: [String]) throws {
        try connection.signal(signal, services: names)
    }

    /// Reads what checks say, by name.
    ///
    /// - Parameters:
    ///   - names: The checks; all when none are named.
    ///   - level: Only those of the level; nil for any.
    /// - Returns: The checks.
    /// - Throws: ``ContainerError`` when Pebble cannot be asked.
    public func checks(_ names: [String] = [], level: CheckLevel? = nil) throws -> [String: CheckInfo] {
        Dictionary(try connection.checks(names, level: level).map { ($0.name, $0) }) { first, _ in first }
    }

    /// Starts checks, and says which were not running.
    @discardableResult
    public func startChecks(_ names: [String]) throws -> [String] {
        try connection.setChecks(names, running: true)
    }

    /// Stops checks, and says which were running.
    @discardableResult
    public func stopChecks(_ names: [String]) throws -> [String] {
        try connection.setChecks(names, running: false)
    }

    /// Runs a command and waits for it; a code other than 0 is a result, not an error.
    ///
    /// - Parameter command: The command.
    /// - Returns: What became of it.
    /// - Throws: ``ContainerError`` when it cannot be started, or takes longer than its timeout.
    public func execute(_ command: ExecCommand) throws -> ExecResult {
        try connection.execute(command)
    }

    /// Records a custom notice.
    ///
    /// - Parameters:
    ///   - key: The notice's key, `domain/path`.
    ///   - data: What it carries.
    ///   - repeatAfter: How long it is not told again.
    /// - Returns: The notice's id.
    /// - Throws: ``ContainerError`` when Pebble refuses it.
    @discardableResult
    public func notify(key: String, data: [String: String] = [:], repeatAfter: Duration? = nil) throws -> String {
        try connection.notify(key: key, data: data, repeatAfter: repeatAfter)
    }

    /// Reads notices.
    ///
    /// - Parameters:
    ///   - types: Only of these types; all when none are given.
    ///   - keys: Only with these keys; all when none are given.
    /// - Returns: The notices, the least recently repeated first.
    /// - Throws: ``ContainerError`` when Pebble cannot be asked.
    public func notices(types: [NoticeType] = [], keys: [String] = []) throws -> [Notice] {
        try connection.notices(types: types, keys: keys)
    }
}
