// SPDX-License-Identifier: Apache-2.0

/// What this library needs of the charm's `metadata.yaml`.
public struct CharmMetadata: Sendable, Hashable {
    /// The endpoints of peer relations.
    public var peers: Set<String>
    /// The endpoints this charm requires.
    public var requires: Set<String>
    /// The endpoints this charm provides.
    public var provides: Set<String>
    /// The containers.
    public var containers: Set<String>

    /// Creates metadata.
    public init(
        peers: Set<String> = [],
        requires: Set<String> = [],
        provides: Set<String> = [],
        containers: Set<String> = []
    ) {
        self.peers = peers
        self.requires = requires
        self.provides = provides
        self.containers = containers
    }
}
