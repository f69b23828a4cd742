// SPDX-License-Identifier: Apache-2.0

/// How a reply is to be read.
public struct EnvelopeType: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The result is here.
    public static let sync = Self(rawValue: "sync")
    /// A change was begun; its id is here.
    public static let async = Self(rawValue: "async")
    /// It went wrong; the result says why.
    public static let error = Self(rawValue: "error")
}

/// What surrounds every JSON reply of the API.
package struct Envelope<Result: Codable & Sendable>: Codable, Sendable {
    package var type: EnvelopeType
    package var statusCode: Int
    package var status: String
    /// The id of the change that was begun; async replies only.
    package var change: String?
    /// The result; a sync reply without one leaves it out, an async reply writes null.
    package var result: Result?
    /// When the last warning was recorded, if there is one to show.
    package var latestWarning: Timestamp?
    /// Why the daemon is about to go away.
    package var maintenance: ErrorResult?

    enum CodingKeys: String, CodingKey {
        case type
        case statusCode = "status-code"
        case status
        case change
        case result
        case latestWarning = "latest-warning"
        case maintenance
    }

    package init(
        type: EnvelopeType,
        statusCode: Int,
        change: String? = nil,
        result: Result?,
        latestWarning: Timestamp? = nil,
        maintenance: ErrorResult? = nil
    ) {
        self.type = type
        self.statusCode = statusCode
        status = StatusText.of(statusCode)
        self.change = change
        self.result = result
        self.latestWarning = latestWarning
        self.maintenance = maintenance
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(statusCode, forKey: .statusCode)
        try container.encode(status, forKey: .status)
        try container.encodeIfPresent(change, forKey: .change)
        if type == .async {
            try container.encode(result, forKey: .result)
        } else {
            try container.encodeIfPresent(result, forKey: .result)
        }
        try container.encodeIfPresent(latestWarning, forKey: .latestWarning)
        try container.encodeIfPresent(maintenance, forKey: .maintenance)
    }
}

/// A result that carries nothing.
package struct NoResult: Codable, Sendable {
    package init() {}
}

/// What went wrong: the result of an error reply, and the error of one item in a list of files.
public struct ErrorResult: Codable, Hashable, Sendable {
    /// What went wrong, for people.
    public var message: String
    /// What went wrong, for programs; most errors have none.
    public var kind: ErrorKind?
    /// More about it, where the kind defines it.
    public var value: JSONValue?

    /// Makes an error result.
    public init(message: String, kind: ErrorKind? = nil, value: JSONValue? = nil) {
        self.message = message
        self.kind = kind
        self.value = value
    }
}

/// The words that go with HTTP status codes.
package enum StatusText {
    /// The words of a code; empty for one this API never uses.
    package static func of(_ code: Int) -> String {
        switch code {
        case 101: "Switching Protocols"
        case 200: "OK"
        case 202: "Accepted"
        case 301: "Moved Permanently"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Request Entity Too Large"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: ""
        }
    }
}
