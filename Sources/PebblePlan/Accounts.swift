// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// What is known of the users and groups of a machine; looking them up is the business of whoever makes one.
public struct AccountLookup: Sendable {
    /// A user's numbers.
    public struct User: Hashable, Sendable {
        /// The number of the user.
        public var userID: Int
        /// The number of the group the user belongs to first.
        public var groupID: Int

        /// Makes a user.
        public init(userID: Int, groupID: Int) {
            self.userID = userID
            self.groupID = groupID
        }
    }

    private let findUser: @Sendable (String) -> User?
    private let findUserID: @Sendable (Int) -> User?
    private let findGroup: @Sendable (String) -> Int?

    /// Makes a lookup.
    ///
    /// - Parameters:
    ///   - user: finds a user by name.
    ///   - userID: finds a user by number.
    ///   - group: finds the number of a group by name.
    public init(
        user: @escaping @Sendable (String) -> User?,
        userID: @escaping @Sendable (Int) -> User?,
        group: @escaping @Sendable (String) -> Int?
    ) {
        findUser = user
        findUserID = userID
        findGroup = group
    }

    /// Settles who somebody is.
    ///
    /// - Parameter ownership: names, numbers, or both.
    /// - Returns: the numbers; nil when the ownership says nothing.
    /// - Throws: ``AccountError`` when a name is unknown, a name and its number disagree, a number is out of range,
    ///   there is only a group, or a number without an account and no group with it.
    public func resolve(_ ownership: Ownership) throws(AccountError) -> User? {
        var userID = ownership.userID
        var groupID = ownership.groupID
        var primaryGroupID: Int?
        try checkNumbers(ownership)
        if let name = ownership.user {
            guard let user = findUser(name) else { throw AccountError(description: "user: unknown user \(name)") }
            if let given = userID, given != user.userID {
                throw AccountError(
                    description: "user \"\(name)\" UID (\(user.userID)) does not match user-id (\(given))"
                )
            }
            userID = user.userID
            primaryGroupID = user.groupID
        } else if let userID {
            primaryGroupID = findUserID(userID)?.groupID
        }
        if let name = ownership.group {
            guard let found = findGroup(name) else { throw AccountError(description: "group: unknown group \(name)") }
            if let given = groupID, given != found {
                throw AccountError(description: "group \"\(name)\" GID (\(found)) does not match group-id (\(given))")
            }
            groupID = found
        }
        guard let userID else {
            if groupID != nil { throw AccountError(description: "must specify user, not just group") }
            return nil
        }
        guard let group = groupID ?? primaryGroupID else {
            throw AccountError(description: "user: unknown userid \(userID)")
        }
        return User(userID: userID, groupID: group)
    }

    /// Settles whether somebody can be meant, as far as it can be said before a service starts.
    ///
    /// A number alone is as good as any: there may be an account of that number by then.
    func check(_ ownership: Ownership) throws(AccountError) {
        guard ownership.user == nil, ownership.group == nil, ownership.groupID == nil else {
            _ = try resolve(ownership)
            return
        }
        try checkNumbers(ownership)
    }

    /// To the kernel numbers have 32 bits, and the last says "as it is": others would turn out as somebody else.
    private func checkNumbers(_ ownership: Ownership) throws(AccountError) {
        for (field, id) in [("user-id", ownership.userID), ("group-id", ownership.groupID)] {
            guard let id, !(0..<Int(UInt32.max)).contains(id) else { continue }
            throw AccountError(description: "\(field) must be between 0 and \(UInt32.max - 1), got \(id)")
        }
    }
}

/// Why an ownership names nobody.
public struct AccountError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, such as `user: unknown user nobody-here`.
    public let description: String
}
