// SPDX-License-Identifier: Apache-2.0

/// What a unit or application says of itself.
public struct Status: Sendable, Hashable {
    /// The kinds a charm may set.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// All is well.
        case active
        /// Nothing to do until another application has acted.
        case waiting
        /// Something is being done that takes a while.
        case maintenance
        /// An operator must act.
        case blocked

        /// How grave the kind is; among several statuses the gravest is shown.
        var gravity: Int {
            switch self {
            case .active: 1
            case .waiting: 2
            case .maintenance: 3
            case .blocked: 4
            }
        }
    }

    /// The kind.
    public var kind: Kind
    /// What to tell the operator; may be empty when active.
    public var message: String

    /// Creates a status.
    public init(_ kind: Kind, _ message: String = "") {
        self.kind = kind
        self.message = message
    }

    /// All is well.
    public static func active(_ message: String = "") -> Status { Status(.active, message) }
    /// Nothing to do until another application has acted.
    public static func waiting(_ message: String) -> Status { Status(.waiting, message) }
    /// Something is being done that takes a while.
    public static func maintenance(_ message: String) -> Status { Status(.maintenance, message) }
    /// An operator must act.
    public static func blocked(_ message: String) -> Status { Status(.blocked, message) }

    /// The gravest of several statuses, of equals the first; nil of none.
    ///
    /// - Parameter statuses: What was offered, in order.
    /// - Returns: The status to show.
    public static func gravest(_ statuses: [Status]) -> Status? {
        statuses.reduce(nil) { best, next in
            guard let best, best.kind.gravity >= next.kind.gravity else { return next }
            return best
        }
    }
}
