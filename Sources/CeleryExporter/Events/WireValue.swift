// SPDX-License-Identifier: Apache-2.0

/// A value out of a message, as far as the exporter tells values apart.
enum WireValue: Sendable, Equatable {
    /// Nothing, or a value nobody here needs.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number.
    case integer(Int)
    /// A number with a fraction.
    case number(Double)
    /// Text; from a pickle also bytes.
    case string(String)
    /// Values in order.
    case array([WireValue])
    /// Values by name.
    case object([String: WireValue])

    /// The value called `name`, if this has one.
    subscript(name: String) -> WireValue? {
        if case .object(let values) = self { return values[name] }
        return nil
    }

    /// The text, if this is some.
    var text: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// The values in order, if this is some.
    var values: [WireValue]? {
        if case .array(let values) = self { return values }
        return nil
    }
}
