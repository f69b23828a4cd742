// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import YAMLTree

/// How a command answers programs.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case tabular
    case json
    case yaml
}

/// Turns a value into the text of a format.
package enum StructuredOutput {
    package static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    /// JSON is YAML too, so the one is read as the other and written in block style.
    package static func yaml(_ value: some Encodable) throws -> String {
        try YAMLNode.parse(json(value))?.rendered(indent: 2) ?? "{}\n"
    }
}
