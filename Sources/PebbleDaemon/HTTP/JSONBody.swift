// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI

/// Decodes what clients send, with the words for what is wrong that they know.
enum JSONBody {
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8],
        prefix: String,
        goType: String = ""
    ) throws(DaemonError) -> Value {
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        guard start < bytes.endIndex else { throw DaemonError(.invalid, "\(prefix): EOF") }
        let value = bytes[start...]
        // Our decoder does not look at what it does not want; the original's refuses the whole.
        if let problem = JSONSyntax.problem(in: value) { throw DaemonError(.invalid, "\(prefix): \(problem)") }
        let end = endOfValue(value)
        do {
            return try JSONDecoder().decode(type, from: Data(value[..<end]))
        } catch let error as DecodingError {
            throw DaemonError(.invalid, "\(prefix): \(reason(error, value, goType))")
        } catch {
            throw DaemonError(.invalid, "\(prefix): \(error)")
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [9, 10, 13, 32].contains(byte) }

    /// Where the first value ends: at its closing bracket, or for others where anything else begins.
    private static func endOfValue(_ bytes: ArraySlice<UInt8>) -> Int {
        var depth = 0
        var isText = false
        var isEscaped = false
        for index in bytes.indices {
            let byte = bytes[index]
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") {
                    isText = false
                    if depth == 0 { return index + 1 }
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth <= 0 { return index + 1 }
                default:
                    if depth == 0, isBlank(byte) { return index }
                }
            }
        }
        return bytes.endIndex
    }

    private static func reason(_ error: DecodingError, _ bytes: ArraySlice<UInt8>, _ goType: String) -> String {
        switch error {
        case .typeMismatch(let wanted, let context), .valueNotFound(let wanted, let context):
            let path = context.codingPath.map { $0.intValue == nil ? ".\($0.stringValue)" : "" }.joined()
            let found = value(at: context.codingPath, in: bytes)?.word ?? "value"
            return "json: cannot unmarshal \(found) into Go struct field \(goType)\(path) of type \(word(for: wanted))"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            // What is wrong only for our decoder, such as too many levels.
            return context.debugDescription
        case .dataCorrupted(let context), .keyNotFound(_, let context):
            return context.debugDescription
        @unknown default:
            return "\(error)"
        }
    }

    private static func value(at path: [any CodingKey], in bytes: ArraySlice<UInt8>) -> JSONValue? {
        var value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes[..<endOfValue(bytes)]))
        for key in path {
            switch value {
            case .object(let object): value = object[key.stringValue]
            case .array(let array): value = key.intValue.flatMap { array.indices.contains($0) ? array[$0] : nil }
            default: return nil
            }
        }
        return value
    }

    private static func word(for type: any Any.Type) -> String {
        switch "\(type)" {
        case "String": "string"
        case "Bool": "bool"
        case "Int", "Int64", "UInt32": "int"
        case let name where name.contains("Array"): "[]string"
        default: "object"
        }
    }
}
