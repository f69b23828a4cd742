// SPDX-License-Identifier: Apache-2.0

/// A path and what is there.
public struct FileInfo: Codable, Hashable, Sendable {
    /// The whole path.
    public var path: String
    /// Its last part.
    public var name: String
    /// What it is.
    public var type: FileKind
    /// The size in bytes; regular files only.
    public var size: Int64?
    /// The permissions, three octal digits.
    public var permissions: String
    /// When its content last changed, to the second.
    public var lastModified: Timestamp
    /// The number of its owner.
    public var userID: Int?
    /// The name of its owner.
    public var user: String?
    /// The number of its group.
    public var groupID: Int?
    /// The name of its group.
    public var group: String?

    enum CodingKeys: String, CodingKey {
        case path
        case name
        case type
        case size
        case permissions
        case lastModified = "last-modified"
        case userID = "user-id"
        case user
        case groupID = "group-id"
        case group
    }

    /// Makes the information.
    public init(
        path: String,
        name: String,
        type: FileKind,
        size: Int64? = nil,
        permissions: String,
        lastModified: Timestamp,
        userID: Int? = nil,
        user: String? = nil,
        groupID: Int? = nil,
        group: String? = nil
    ) {
        self.path = path
        self.name = name
        self.type = type
        self.size = size
        self.permissions = permissions
        self.lastModified = lastModified
        self.userID = userID
        self.user = user
        self.groupID = groupID
        self.group = group
    }
}

/// Who shall own a file or directory, or be the user of a command: by number, by name, or both if they agree.
public struct Ownership: Hashable, Sendable {
    /// The number of the user.
    public var userID: Int?
    /// The name of the user.
    public var user: String?
    /// The number of the group.
    public var groupID: Int?
    /// The name of the group.
    public var group: String?

    /// Makes an ownership; with no arguments, that of the daemon.
    public init(userID: Int? = nil, user: String? = nil, groupID: Int? = nil, group: String? = nil) {
        self.userID = userID
        self.user = user
        self.groupID = groupID
        self.group = group
    }

    /// Takes what is not said here from somebody else: each field for itself, as a command does from the service whose
    /// context it runs in.
    ///
    /// - Parameter other: where the rest comes from; nil for nowhere.
    /// - Returns: the two as one, in which name and number may contradict each other.
    package func over(_ other: Ownership?) -> Ownership {
        Ownership(
            userID: userID ?? other?.userID,
            user: user.flatMap { $0.isEmpty ? nil : $0 } ?? other?.user,
            groupID: groupID ?? other?.groupID,
            group: group.flatMap { $0.isEmpty ? nil : $0 } ?? other?.group
        )
    }
}

/// The body of `POST /v1/files` without content, and the `request` part of one with.
package struct FilesRequest: Codable, Sendable {
    package var action: String
    package var dirs: [MakeDirectoryItem]?
    package var paths: [RemovePathItem]?
    package var files: [WriteFileItem]?

    package init(
        action: String,
        dirs: [MakeDirectoryItem]? = nil,
        paths: [RemovePathItem]? = nil,
        files: [WriteFileItem]? = nil
    ) {
        self.action = action
        self.dirs = dirs
        self.paths = paths
        self.files = files
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = try container.value(.action, or: "")
        dirs = try container.decodeIfPresent([MakeDirectoryItem].self, forKey: .dirs)
        paths = try container.decodeIfPresent([RemovePathItem].self, forKey: .paths)
        files = try container.decodeIfPresent([WriteFileItem].self, forKey: .files)
    }
}

/// One directory to make.
package struct MakeDirectoryItem: Codable, Sendable {
    package var path: String
    package var makeParents: Bool
    package var permissions: String?
    package var userID: Int?
    package var user: String?
    package var groupID: Int?
    package var group: String?

    enum CodingKeys: String, CodingKey {
        case path
        case makeParents = "make-parents"
        case permissions
        case userID = "user-id"
        case user
        case groupID = "group-id"
        case group
    }

    package init(path: String, makeParents: Bool, permissions: String?, ownership: Ownership = Ownership()) {
        self.path = path
        self.makeParents = makeParents
        self.permissions = permissions
        userID = ownership.userID
        user = ownership.user
        groupID = ownership.groupID
        group = ownership.group
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.value(.path, or: "")
        makeParents = try container.value(.makeParents, or: false)
        permissions = try container.decodeIfPresent(String.self, forKey: .permissions)
        userID = try container.decodeIfPresent(Int.self, forKey: .userID)
        user = try container.decodeIfPresent(String.self, forKey: .user)
        groupID = try container.decodeIfPresent(Int.self, forKey: .groupID)
        group = try container.decodeIfPresent(String.self, forKey: .group)
    }

    package var ownership: Ownership { Ownership(userID: userID, user: user, groupID: groupID, group: group) }
}

/// One file to write; its content follows in a part of its own.
package struct WriteFileItem: Codable, Sendable {
    package var path: String
    package var makeDirs: Bool
    package var permissions: String?
    package var userID: Int?
    package var user: String?
    package var groupID: Int?
    package var group: String?

    enum CodingKeys: String, CodingKey {
        case path
        case makeDirs = "make-dirs"
        case permissions
        case userID = "user-id"
        case user
        case groupID = "group-id"
        case group
    }

    package init(path: String, makeDirs: Bool, permissions: String?, ownership: Ownership = Ownership()) {
        self.path = path
        self.makeDirs = makeDirs
        self.permissions = permissions
        userID = ownership.userID
        user = ownership.user
        groupID = ownership.groupID
        group = ownership.group
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.value(.path, or: "")
        makeDirs = try container.value(.makeDirs, or: false)
        permissions = try container.decodeIfPresent(String.self, forKey: .permissions)
        userID = try container.decodeIfPresent(Int.self, forKey: .userID)
        user = try container.decodeIfPresent(String.self, forKey: .user)
        groupID = try container.decodeIfPresent(Int.self, forKey: .groupID)
        group = try container.decodeIfPresent(String.self, forKey: .group)
    }

    package var ownership: Ownership { Ownership(userID: userID, user: user, groupID: groupID, group: group) }
}

/// One path to remove.
package struct RemovePathItem: Codable, Sendable {
    package var path: String
    package var recursive: Bool

    package init(path: String, recursive: Bool) {
        self.path = path
        self.recursive = recursive
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.value(.path, or: "")
        recursive = try container.value(.recursive, or: false)
    }
}

/// What became of one path of a request about several.
package struct FileResult: Codable, Sendable {
    package var path: String
    package var error: ErrorResult?

    package init(path: String, error: ErrorResult? = nil) {
        self.path = path
        self.error = error
    }
}
