// SPDX-License-Identifier: Apache-2.0

/// A version of Juju: `major.minor[.patch | -tagPATCH][.build]`, for example `3.6.9` or `3.6-beta2.1`.
public struct JujuVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The major version.
    public let major: Int
    /// The minor version.
    public let minor: Int
    /// The tag of a preview, such as `beta`; nil in a release.
    public let tag: String?
    /// The patch number, or the preview's number.
    public let patch: Int
    /// The build number, 0 in a release.
    public let build: Int

    /// Creates a version.
    public init(major: Int, minor: Int, tag: String? = nil, patch: Int = 0, build: Int = 0) {
        self.major = major
        self.minor = minor
        self.tag = tag
        self.patch = patch
        self.build = build
    }

    /// Reads a version; nil when the text is not one.
    public init?(_ text: String) {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.count <= 4, let major = Int(parts[0]) else { return nil }
        let minorParts = parts[1].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let minor = Int(minorParts[0]) else { return nil }
        parts.removeFirst(2)
        var tag: String?
        var patch = 0
        if minorParts.count == 2 {
            let letters = minorParts[1].prefix { $0.isLetter }
            guard !letters.isEmpty, let number = Int(minorParts[1].dropFirst(letters.count)) else { return nil }
            tag = String(letters)
            patch = number
        } else if let first = parts.first {
            guard let number = Int(first) else { return nil }
            patch = number
            parts.removeFirst()
        }
        var build = 0
        if let last = parts.first {
            guard parts.count == 1, let number = Int(last) else { return nil }
            build = number
        }
        self.init(major: major, minor: minor, tag: tag, patch: patch, build: build)
    }

    /// The version as Juju writes it.
    public var description: String {
        let base = tag.map { "\(major).\(minor)-\($0)\(patch)" } ?? "\(major).\(minor).\(patch)"
        return build == 0 ? base : "\(base).\(build)"
    }

    /// Whether a charm may use secrets: Juju 3.0.3 and later.
    public var hasSecrets: Bool { self >= JujuVersion(major: 3, minor: 0, patch: 3) }

    /// Orders versions; a preview comes before the release it leads to.
    public static func < (left: JujuVersion, right: JujuVersion) -> Bool {
        if (left.major, left.minor) != (right.major, right.minor) {
            return (left.major, left.minor) < (right.major, right.minor)
        }
        switch (left.tag, right.tag) {
        case (nil, nil): return (left.patch, left.build) < (right.patch, right.build)
        case (.some, nil): return true
        case (nil, .some): return false
        case (.some(let leftTag), .some(let rightTag)):
            return (leftTag, left.patch, left.build) < (rightTag, right.patch, right.build)
        }
    }
}
