// SPDX-License-Identifier: Apache-2.0

/// What the daemon says about itself.
public struct SystemInfo: Codable, Hashable, Sendable {
    /// An id that changes with each boot of the machine.
    public var bootID: String
    /// The version of the daemon.
    public var version: String
    /// The TCP address of the open endpoints, if there is one.
    public var httpAddress: String?
    /// The address of the TLS endpoint, if there is one.
    public var httpsAddress: String?

    enum CodingKeys: String, CodingKey {
        case bootID = "boot-id"
        case version
        case httpAddress = "http-address"
        case httpsAddress = "https-address"
    }

    /// Makes the information.
    public init(bootID: String, version: String, httpAddress: String? = nil, httpsAddress: String? = nil) {
        self.bootID = bootID
        self.version = version
        self.httpAddress = httpAddress
        self.httpsAddress = httpsAddress
    }
}

/// The answer to whether all is well.
public struct HealthInfo: Codable, Hashable, Sendable {
    /// Whether no selected check is down.
    public var healthy: Bool

    /// Makes the answer.
    public init(healthy: Bool) { self.healthy = healthy }
}
