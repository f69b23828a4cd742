// SPDX-License-Identifier: Apache-2.0

/// What the daemon is to run: its layers combined.
public struct Plan: Hashable, Sendable {
    /// Services by name.
    public var services: [String: Service] = [:]
    /// Checks by name.
    public var checks: [String: Check] = [:]
    /// Log targets by name.
    public var logTargets: [String: LogTarget] = [:]
    /// Workloads by name.
    public var workloads: [String: Workload] = [:]
    /// How many clients may pair with the daemon; nil where no layer says.
    public var pairing: PairingMode?

    /// Makes an empty plan.
    public init() {}
}
