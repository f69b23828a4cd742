// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Certificates and keys as files have them.
package enum PEMText {
    private static let begin = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"

    /// Each certificate in a text, from its first line to its last.
    package static func certificates(in text: String) -> [String] {
        var result: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: begin), let stop = rest[start.upperBound...].firstRange(of: end) {
            result.append(String(rest[start.lowerBound..<stop.upperBound]) + "\n")
            rest = rest[stop.upperBound...]
        }
        return result
    }

    /// The certificates as a JSON list, which is how relations carry them.
    static func list(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        let data = (try? encoder.encode(certificates(in: text))) ?? Data("[]".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads a file with certificates.
    ///
    /// - Parameter path: Where it is.
    /// - Returns: Its text.
    /// - Throws: ``OperatorError`` where there is no certificate in it.
    package static func readAuthority(_ path: String) throws -> String {
        guard let text = try FileStore.text(path) else { throw OperatorError("\(path) is not there") }
        guard !certificates(in: text).isEmpty else {
            throw OperatorError("\(path) holds no certificate", remedy: "It has to have a line '\(begin)'.")
        }
        return text
    }
}
