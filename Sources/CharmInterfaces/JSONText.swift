// SPDX-License-Identifier: Apache-2.0

import PebbleAPI

/// JSON as the text of one databag value: the same bytes for the same value, so that writing it again is no change.
enum JSONText {
    static func render(_ value: some Encodable) -> String {
        // Only a number that is not finite or a type of several top-level values cannot be written; none is used here.
        (try? WireJSON.text(of: value)) ?? "null"
    }

    static func parse<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) -> Value? {
        try? WireJSON.decode(type, from: text.utf8)
    }
}
