// SPDX-License-Identifier: Apache-2.0

/// What the units of one application have in common, and only their leader writes.
///
/// With one unit it is just a part of that unit's model. With several, each with an agent and a model of its own, whoever
/// runs them takes it from the leader and gives it to the others: see ``AgentControlClient/follow(_:)``.
public struct ApplicationState: Codable, Sendable, Equatable {
    /// A relation of the application.
    public struct Relation: Codable, Sendable, Equatable {
        /// The number, which is the same for every unit.
        public var number: Int
        /// The endpoint of the charm.
        public var endpoint: String
        /// The interface.
        public var interface: String
        /// The application at the other end; the own one where peers are related.
        public var remoteApplication: String
        /// Whether it relates the units with each other.
        public var isPeer: Bool
        /// The own application's databag.
        public var databag: [String: String]
        /// The version of that databag; it grows with each change, and 0 is one nobody has written.
        public var version: Int64
    }

    /// A secret the application owns.
    public struct Secret: Codable, Sendable, Equatable {
        /// A revision of the secret.
        public struct Revision: Codable, Sendable, Equatable {
            /// The number, from 1.
            public var number: Int
            /// The content.
            public var content: [String: String]
            /// When it expires, in seconds since 1970.
            public var expires: Int64?
        }

        /// A grant over a relation.
        public struct Grant: Codable, Sendable, Hashable {
            /// The number of the relation.
            public var relation: Int
            /// The application or unit that may read.
            public var target: String
        }

        /// The bare id.
        public var id: String
        /// The owner's label.
        public var label: String?
        /// The owner's description.
        public var description: String?
        /// How often it is rotated.
        public var rotate: String
        /// When it is rotated next, in seconds since 1970.
        public var nextRotate: Int64?
        /// The revisions that are kept, oldest first.
        public var revisions: [Revision]
        /// Who may read it.
        public var grants: [Grant]
    }

    /// The relations, without those that are being removed, by number.
    public var relations: [Relation]
    /// The secrets, by id.
    public var secrets: [Secret]
    /// What the leader says of the application.
    public var status: EntityStatus?
    /// What the leader left by `leader-set`.
    public var leaderSettings: [String: String]
}
