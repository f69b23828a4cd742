// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// JSON as the text of one databag value: the same bytes for the same value, so that writing it again is no change.
enum JSONText {
    static func render(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only a number that is not finite or a type of several top-level values cannot be written; none is used here.
        guard let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    static func parse<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) -> Value? {
        try? JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
