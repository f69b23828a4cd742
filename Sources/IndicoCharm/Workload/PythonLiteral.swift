// SPDX-License-Identifier: Apache-2.0

/// A value as Python writes it in source.
///
/// Whatever text comes in, what comes out is one literal: the configuration is executed, so a quote that ends a
/// string too soon would run an attacker's code.
enum PythonLiteral {
    case none
    case boolean(Bool)
    case integer(Int)
    case string(String)
    case tuple([PythonLiteral])
    case list([PythonLiteral])
    case set([String])
    case dictionary(KeyValuePairs<String, PythonLiteral>)
    /// A dictionary; each key goes with the value at its place.
    case entries(keys: [String], values: [PythonLiteral])

    /// A dictionary whose entries are put together when it is made.
    static func record(_ pairs: [(String, PythonLiteral)]) -> PythonLiteral {
        .entries(keys: pairs.map(\.0), values: pairs.map(\.1))
    }

    var source: String {
        switch self {
        case .none: "None"
        case .boolean(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .string(let value): Self.quoted(value)
        case .tuple(let values): "(" + values.map { $0.source + ", " }.joined() + ")"
        case .list(let values): "[" + values.map(\.source).joined(separator: ", ") + "]"
        // Empty braces would be a dictionary.
        case .set(let values) where values.isEmpty: "set()"
        case .set(let values): "{" + values.map(Self.quoted).joined(separator: ", ") + "}"
        case .entries(let keys, let values):
            "{" + zip(keys, values).map { "\(Self.quoted($0)): \($1.source)" }.joined(separator: ", ") + "}"
        case .dictionary(let pairs):
            "{" + pairs.map { "\(Self.quoted($0.key)): \($0.value.source)" }.joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "'": result += "\\'"
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return result + "'"
    }
}
