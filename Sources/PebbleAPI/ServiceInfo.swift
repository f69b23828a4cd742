// SPDX-License-Identifier: Apache-2.0

/// A service and what it is doing.
public struct ServiceInfo: Codable, Hashable, Sendable {
    /// The name of the service.
    public var name: String
    /// Whether it starts with the daemon.
    public var startup: ServiceStartup
    /// What it is doing.
    public var current: ServiceStatus
    /// Since when; nil when it has never been started.
    public var currentSince: Timestamp?

    enum CodingKeys: String, CodingKey {
        case name
        case startup
        case current
        case currentSince = "current-since"
    }

    /// Makes the information.
    public init(name: String, startup: ServiceStartup, current: ServiceStatus, currentSince: Timestamp? = nil) {
        self.name = name
        self.startup = startup
        self.current = current
        self.currentSince = currentSince
    }

    /// Whether the service is starting or running.
    public var isRunning: Bool { current == .active }
}

/// The body of `POST /v1/services`.
package struct ServicesRequest: Codable, Sendable {
    package var action: String
    package var services: [String]

    package init(action: String, services: [String] = []) {
        self.action = action
        self.services = services
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = try container.value(.action, or: "")
        services = try container.value(.services, or: [])
    }
}

/// The body of `POST /v1/signals`.
package struct SignalsRequest: Codable, Sendable {
    package var signal: String
    package var services: [String]

    package init(signal: String, services: [String]) {
        self.signal = signal
        self.services = services
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        signal = try container.value(.signal, or: "")
        services = try container.value(.services, or: [])
    }
}

/// The body of `POST /v1/layers`.
package struct LayersRequest: Codable, Sendable {
    package var action: String
    package var label: String
    package var format: String
    package var layer: String
    package var combine: Bool
    package var inner: Bool

    package init(
        action: String = "add",
        label: String,
        format: String = "yaml",
        layer: String,
        combine: Bool = false,
        inner: Bool = false
    ) {
        self.action = action
        self.label = label
        self.format = format
        self.layer = layer
        self.combine = combine
        self.inner = inner
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = try container.value(.action, or: "")
        label = try container.value(.label, or: "")
        format = try container.value(.format, or: "")
        layer = try container.value(.layer, or: "")
        combine = try container.value(.combine, or: false)
        inner = try container.value(.inner, or: false)
    }
}

/// One line of a service's output.
public struct LogEntry: Codable, Hashable, Sendable {
    /// When the daemon read it.
    public var time: Timestamp
    /// The service that wrote it.
    public var service: String
    /// The line, without its newline.
    public var message: String

    /// Makes an entry.
    public init(time: Timestamp, service: String, message: String) {
        self.time = time
        self.service = service
        self.message = message
    }
}
