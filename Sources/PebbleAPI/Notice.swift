// SPDX-License-Identifier: Apache-2.0

/// Something that happened and may happen again, counted by user, type and key.
public struct Notice: Codable, Hashable, Sendable {
    /// The id, a decimal number.
    public var id: String
    /// Who may see it; nil for everybody, which is written as null and never left out.
    public var userID: UInt32?
    /// What it tells of.
    public var type: NoticeType
    /// What it is about.
    public var key: String
    /// When it first happened.
    public var firstOccurred: Timestamp
    /// When it last happened.
    public var lastOccurred: Timestamp
    /// When it was last told, which `repeatAfter` may hold back.
    public var lastRepeated: Timestamp
    /// How often it happened.
    public var occurrences: Int
    /// What it carried the last time.
    public var lastData: [String: String]?
    /// How long after being told it is not told again.
    public var repeatAfter: GoDuration?
    /// How long after it last happened it is forgotten.
    public var expireAfter: GoDuration?

    enum CodingKeys: String, CodingKey {
        case id
        case userID = "user-id"
        case type
        case key
        case firstOccurred = "first-occurred"
        case lastOccurred = "last-occurred"
        case lastRepeated = "last-repeated"
        case occurrences
        case lastData = "last-data"
        case repeatAfter = "repeat-after"
        case expireAfter = "expire-after"
    }

    /// Makes a notice.
    public init(
        id: String,
        userID: UInt32?,
        type: NoticeType,
        key: String,
        firstOccurred: Timestamp,
        lastOccurred: Timestamp,
        lastRepeated: Timestamp,
        occurrences: Int = 1,
        lastData: [String: String]? = nil,
        repeatAfter: GoDuration? = nil,
        expireAfter: GoDuration? = nil
    ) {
        self.id = id
        self.userID = userID
        self.type = type
        self.key = key
        self.firstOccurred = firstOccurred
        self.lastOccurred = lastOccurred
        self.lastRepeated = lastRepeated
        self.occurrences = occurrences
        self.lastData = lastData
        self.repeatAfter = repeatAfter
        self.expireAfter = expireAfter
    }

    /// Writes the wire form, in which a notice for everybody has a null user.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(userID, forKey: .userID)
        try container.encode(type, forKey: .type)
        try container.encode(key, forKey: .key)
        try container.encode(firstOccurred, forKey: .firstOccurred)
        try container.encode(lastOccurred, forKey: .lastOccurred)
        try container.encode(lastRepeated, forKey: .lastRepeated)
        try container.encode(occurrences, forKey: .occurrences)
        try container.encodeIfPresent(lastData, forKey: .lastData)
        try container.encodeIfPresent(repeatAfter, forKey: .repeatAfter)
        try container.encodeIfPresent(expireAfter, forKey: .expireAfter)
    }
}

/// The body of `POST /v1/notices`.
package struct NoticeRequest: Codable, Sendable {
    package var action: String
    package var type: String
    package var key: String
    /// How long it shall not be told again, in Go's notation; kept as text so that the server can say what is wrong.
    package var repeatAfter: String?
    /// What it carries; the server demands an object of strings and says so itself.
    package var data: JSONValue?

    enum CodingKeys: String, CodingKey {
        case action
        case type
        case key
        case repeatAfter = "repeat-after"
        case data
    }

    package init(key: String, repeatAfter: Duration? = nil, data: [String: String] = [:]) {
        action = "add"
        type = NoticeType.custom.rawValue
        self.key = key
        self.repeatAfter = repeatAfter.map { GoDuration($0).description }
        self.data = data.isEmpty ? nil : .object(data.mapValues { .string($0) })
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = try container.value(.action, or: "")
        type = try container.value(.type, or: "")
        key = try container.value(.key, or: "")
        repeatAfter = try container.decodeIfPresent(String.self, forKey: .repeatAfter)
        data = try container.decodeIfPresent(JSONValue.self, forKey: .data)
    }
}

/// The result of `POST /v1/notices`.
package struct NoticeReply: Codable, Sendable {
    package var id: String

    package init(id: String) { self.id = id }
}
