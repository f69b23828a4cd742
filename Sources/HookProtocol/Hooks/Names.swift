// SPDX-License-Identifier: Apache-2.0

/// A unit's name, `application/number`.
public struct UnitName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The application's name.
    public let application: String
    /// The unit's number within the application.
    public let number: Int

    /// Creates a unit name.
    public init(application: String, number: Int) {
        self.application = application
        self.number = number
    }

    /// Reads a unit name; nil when the text is not of the form `application/number`.
    public init?(_ text: some StringProtocol) {
        guard let slash = text.lastIndex(of: "/"), slash != text.startIndex,
            let number = Int(text[text.index(after: slash)...]), number >= 0
        else { return nil }
        self.init(application: String(text[..<slash]), number: number)
    }

    /// The name as Juju writes it.
    public var description: String { "\(application)/\(number)" }

    /// Orders by application, then by number, so that `app/2` comes before `app/10`.
    public static func < (left: UnitName, right: UnitName) -> Bool {
        (left.application, left.number) < (right.application, right.number)
    }
}

/// A relation's identity within the model, `endpoint:number`.
public struct RelationID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The endpoint's name as this charm declares it.
    public let endpoint: String
    /// The relation's number; it alone identifies the relation.
    public let number: Int

    /// Creates a relation id.
    public init(endpoint: String, number: Int) {
        self.endpoint = endpoint
        self.number = number
    }

    /// Reads a relation id; nil when the text is not of the form `endpoint:number`.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
            let number = Int(text[text.index(after: colon)...]), number >= 0
        else { return nil }
        self.init(endpoint: String(text[..<colon]), number: number)
    }

    /// The id as Juju writes it.
    public var description: String { "\(endpoint):\(number)" }

    /// Orders by endpoint, then by number.
    public static func < (left: RelationID, right: RelationID) -> Bool {
        (left.endpoint, left.number) < (right.endpoint, right.number)
    }
}
