// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// The forms in which hook tools print a value.
enum ToolOutput: String, Sendable {
    case smart, yaml, json

    /// Prints a value in this form, with the newline the tools end it with.
    func text(_ value: JSONValue) -> String {
        switch self {
        case .json: Self.json(value) + "\n"
        case .yaml: Self.yaml(value, indent: 0) + "\n"
        case .smart: Self.smart(value)
        }
    }

    /// Prints strings bare, lists one item per line, maps as YAML and nothing for null.
    static func smart(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text + "\n"
        case .bool(let truth): truth ? "True\n" : "False\n"
        case .array(let items):
            if items.isEmpty { "" } else { items.map { scalar($0) ?? json($0) }.joined(separator: "\n") + "\n" }
        case .object(let members): members.isEmpty ? "{}\n" : yaml(value, indent: 0) + "\n"
        case .integer, .number: (scalar(value) ?? "") + "\n"
        }
    }

    /// Prints compact JSON with sorted keys.
    static func json(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let truth): truth ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): numberText(number)
        case .string(let text): quoted(text)
        case .array(let items): "[" + items.map(json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }.joined(
                    separator: ","
                ) + "}"
        }
    }

    /// A whole float is printed without a fraction, as Go does.
    private static func numberText(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }

    private static func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .null: ""
        case .bool(let truth): truth ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): numberText(number)
        case .string(let text): text
        case .array, .object: nil
        }
    }

    private static func yaml(_ value: JSONValue, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .array(let items) where !items.isEmpty:
            return items.map { "\(margin)- \(nested($0, indent: indent + 2, isItem: true))" }.joined(separator: "\n")
        case .object(let members) where !members.isEmpty:
            return members.sorted { $0.key < $1.key }
                .map {
                    "\(margin)\(yamlText($0.key)):\(separator($0.value))\(nested($0.value, indent: indent + 2, isItem: false))"
                }
                .joined(separator: "\n")
        default:
            return margin + yamlScalar(value)
        }
    }

    private static func separator(_ value: JSONValue) -> String {
        switch value {
        case .array(let items) where !items.isEmpty: "\n"
        case .object(let members) where !members.isEmpty: "\n"
        default: " "
        }
    }

    private static func nested(_ value: JSONValue, indent: Int, isItem: Bool) -> String {
        guard separator(value) == "\n" else { return yamlScalar(value) }
        let text = yaml(value, indent: indent)
        // The first line of an item's collection stands on the line of its dash.
        return isItem ? String(text.dropFirst(indent)) : text
    }

    private static func yamlScalar(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): yamlText(text)
        case .null: "null"
        case .array: "[]"
        case .object: "{}"
        default: scalar(value) ?? ""
        }
    }

    /// A text as YAML: plain where no reader could take it for something else, in double quotes otherwise.
    private static func yamlText(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x2f, 0x5f, 0x20: true
            default: false
            }
        }
        guard plain, let first = text.utf8.first, (0x41...0x5a).contains(first) || (0x61...0x7a).contains(first),
            !text.hasSuffix(" "), !yamlWords.contains(text.lowercased())
        else { return quoted(text) }
        return text
    }

    private static let yamlWords: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
