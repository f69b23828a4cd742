// SPDX-License-Identifier: Apache-2.0
import LinuxSupport

/// Where the broker's URL comes from, and how a connection over TLS is to be.
///
/// A file is read at every connection, so that a new password is taken up as soon as the old one stops to work; and it
/// keeps the password out of the process list.
struct BrokerSource: Sendable {
    /// Where the URL is.
    enum Place: Sendable {
        /// The URL itself.
        case url(BrokerURL)
        /// The path of a file that holds the URL and nothing else.
        case file(String)
    }

    /// Where the URL is.
    var place: Place
    /// What `--broker-ssl-option` says; TLS is spoken where it says anything, whatever the URL's scheme.
    var options: [String: String] = [:]
    /// The contexts of connections over TLS.
    let tls = BrokerTLS()

    /// The URL itself.
    static func url(_ url: BrokerURL) -> BrokerSource { BrokerSource(place: .url(url)) }

    /// A file that holds the URL.
    static func file(_ path: String) -> BrokerSource { BrokerSource(place: .file(path)) }

    /// The URL as it is now.
    ///
    /// - Returns: The URL.
    /// - Throws: `BrokerFailure` when the file cannot be read or holds no URL.
    func resolve() throws(BrokerFailure) -> BrokerURL {
        var url = try read()
        guard !options.isEmpty else { return url }
        var security = url.security ?? BrokerSecurity()
        do {
            for (name, value) in options { try security.set(name, value) }
        } catch {
            throw BrokerFailure("cannot use --broker-ssl-option: \(error)")
        }
        url.security = security
        return url
    }

    private func read() throws(BrokerFailure) -> BrokerURL {
        switch place {
        case .url(let url): return url
        case .file(let path):
            let text: String
            do {
                text = String(decoding: try FileBytes.read(path, limit: 1 << 16), as: UTF8.self)
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
