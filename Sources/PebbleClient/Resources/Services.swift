// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// What can be done to services.
public enum ServiceCommandKind: String, Sendable, Hashable, CaseIterable {
    /// Start the named and what they require.
    case start
    /// Stop the named and what requires them.
    case stop
    /// Stop and start the named.
    case restart
    /// Start what is enabled and restart what changed; takes no names.
    case replan
    /// Start what is enabled; takes no names.
    case autostart
}

extension PebbleClient {
    /// Lists services, by name.
    ///
    /// - Parameter names: which to list; empty for all. Unknown ones are left out.
    /// - Returns: the services.
    /// - Throws: ``PebbleClientError``.
    public func services(_ names: [String] = []) throws(PebbleClientError) -> [ServiceInfo] {
        try result(
            get("/v1/services", names.isEmpty ? [("names", "")] : names.map { ("names", $0) }),
            [ServiceInfo].self
        )
    }

    /// Begins to do something to services and does not wait.
    ///
    /// - Parameters:
    ///   - kind: what to do.
    ///   - names: to which services; none for a replan or autostart.
    /// - Returns: the id of the change, for ``waitForChange(_:timeout:)``.
    /// - Throws: ``PebbleClientError``.
    public func begin(_ kind: ServiceCommandKind, _ names: [String] = []) throws(PebbleClientError) -> String {
        try beginChange(post("/v1/services", ServicesRequest(action: kind.rawValue, services: names)))
    }

    /// Does something to services and waits until it is done.
    ///
    /// - Parameters:
    ///   - kind: what to do.
    ///   - names: to which services; none for a replan or autostart.
    ///   - timeout: how long to wait; nil for as long as it takes.
    /// - Returns: the change.
    /// - Throws: ``PebbleClientError``, also when the change went wrong.
    @discardableResult
    public func perform(
        _ kind: ServiceCommandKind,
        _ names: [String] = [],
        timeout: Duration? = nil
    ) throws(PebbleClientError) -> ChangeInfo {
        try finishChange(begin(kind, names), timeout: timeout)
    }

    /// Sends a signal to the main processes of services.
    ///
    /// - Parameters:
    ///   - signal: its name, such as `SIGHUP`.
    ///   - names: the services.
    /// - Throws: ``PebbleClientError``.
    public func sendSignal(_ signal: String, to names: [String]) throws(PebbleClientError) {
        _ = try result(post("/v1/signals", SignalsRequest(signal: signal, services: names)), Bool.self)
    }
}
