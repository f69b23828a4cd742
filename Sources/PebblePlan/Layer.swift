// SPDX-License-Identifier: Apache-2.0

/// One layer of configuration; layers laid over each other make a plan.
public struct Layer: Hashable, Sendable {
    /// What the layer is called, unique in a plan.
    public var label: String
    /// Where it lies among the others; layers added later lie above.
    public var order: Int
    /// What it is, in a line.
    public var summary: String?
    /// What it is, at length.
    public var description: String?
    /// Services by name.
    public var services: [String: Service] = [:]
    /// Checks by name.
    public var checks: [String: Check] = [:]
    /// Log targets by name.
    public var logTargets: [String: LogTarget] = [:]
    /// Workloads by name.
    public var workloads: [String: Workload] = [:]
    /// How many clients may pair with the daemon; nil where the layer does not say.
    public var pairing: PairingMode?

    /// Makes a layer of services, or an empty one.
    public init(label: String = "", order: Int = 0, services: [String: Service] = [:]) {
        self.label = label
        self.order = order
        self.services = services
    }
}
