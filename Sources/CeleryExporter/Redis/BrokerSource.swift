// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Where the broker's URL comes from.
///
/// A file is read at every connection, so that a new password is taken up as soon as the old one stops to work; and it
/// keeps the password out of the process list.
enum BrokerSource: Sendable {
    /// The URL itself.
    case url(BrokerURL)
    /// The path of a file that holds the URL and nothing else.
    case file(String)

    /// The URL as it is now.
    ///
    /// - Returns: The URL.
    /// - Throws: `BrokerFailure` when the file cannot be read or holds no URL.
    func resolve() throws(BrokerFailure) -> BrokerURL {
        switch self {
        case .url(let url): return url
        case .file(let path):
            let text: String
            do {
                text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            } catch {
                throw BrokerFailure("cannot read the broker URL from \(path): \(error)")
            }
            do {
                return try BrokerURL(String(text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }))
            } catch {
                throw BrokerFailure("cannot use the broker URL in \(path): \(error)")
            }
        }
    }
}
