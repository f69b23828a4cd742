// SPDX-License-Identifier: Apache-2.0
internal import CTLS
internal import Glibc

/// What matters of a certificate that a web server shows: for whom it is, and from when to when.
package struct ServerCertificate: Hashable, Sendable {
    /// The names and addresses it is for, in lower case; `*.example.com` stands for one label.
    package var names: [String]
    /// When it begins to be valid, in seconds since 1970.
    package var notBefore: Int64
    /// When it ends to be valid, in seconds since 1970.
    package var notAfter: Int64

    package init(names: [String], notBefore: Int64, notAfter: Int64) {
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Reads the first certificate of a text, and holds a key against it.
    ///
    /// - Parameters:
    ///   - certificate: The certificate and those that lead from it to an authority, as PEM.
    ///   - key: Its key as PEM; nil to look at the certificate alone.
    /// - Throws: ``CertificateProblem`` with what is wrong.
    package init(certificate: String, key: String?) throws(CertificateProblem) {
        var (start, end): (CLongLong, CLongLong) = (0, 0)
        switch ctls_examine(certificate, key, &start, &end) {
        case 0: break
        case CTLS_NO_LIBRARY.rawValue: throw .noLibrary
        case CTLS_NO_KEY.rawValue: throw .noKey
        case CTLS_OTHER_KEY.rawValue: throw .otherKey
        default: throw .noCertificate
        }
        self.init(names: Self.names(of: certificate), notBefore: start, notAfter: end)
    }

    private static func names(of certificate: String) -> [String] {
        var bytes = [CChar](repeating: 0, count: 65536)
        let count = ctls_names(certificate, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            for kind in ["DNS:", "IP Address:"] where line.hasPrefix(kind) {
                return line.dropFirst(kind.count).lowercased()
            }
            return nil
        }
    }

    /// When it ends to be valid, of a certificate as PEM; nil where there is none.
    ///
    /// - Parameter certificate: The text.
    /// - Returns: Seconds since 1970.
    package static func end(of certificate: String) -> Int64? {
        try? ServerCertificate(certificate: certificate, key: nil).notAfter
    }

    /// Whether a browser takes it for a host.
    ///
    /// - Parameter host: A name or an address, an IPv6 address with or without brackets.
    /// - Returns: Whether one of its names is that host's.
    package func covers(_ host: String) -> Bool {
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return names.contains { name in
            if name == host || Self.expanded(name) == Self.expanded(host) { return true }
            guard name.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
            return host[dot...] == name.dropFirst()
        }
    }

    /// An IPv6 address with all of its groups, as the library prints it; anything else as it is.
    private static func expanded(_ address: String) -> String {
        guard address.contains(":") else { return address }
        let halves = parts(ofAddress: address).map { $0.split(separator: ":").map { String($0.drop { $0 == "0" }) } }
        let known = halves.map(\.count).reduce(0, +)
        let gap = halves.count == 2 && known < 8 ? Array(repeating: "", count: 8 - known) : []
        return ((halves.first ?? []) + gap + (halves.count == 2 ? halves[1] : []))
            .map { $0.isEmpty ? "0" : $0 }.joined(separator: ":")
    }

    /// What is before and after the first two colons in a row; all of it where there are none.
    ///
    /// Not the library's `split` by a text: that is a part of its regular expressions, which then are in the charm's memory.
    private static func parts(ofAddress address: String) -> [Substring] {
        let colons = zip(address.indices, address.indices.dropFirst())
            .first { address[$0] == ":" && address[$1] == ":" }
        guard let (first, second) = colons else { return [address[...]] }
        return [address[..<first], address[address.index(after: second)...]]
    }

    /// Why it is of no use at a time, if it is not.
    ///
    /// - Parameter time: Seconds since 1970.
    /// - Returns: What is wrong; nil when it is valid then.
    package func problem(at time: Int64) -> String? {
        if time < notBefore { return "the certificate is not valid before \(Self.day(notBefore))" }
        if time >= notAfter { return "the certificate expired on \(Self.day(notAfter))" }
        return nil
    }

    /// A time as a day, as in `2026-11-30`.
    package static func day(_ time: Int64) -> String {
        // By glibc: Foundation would be most of what a dispatch has in memory.
        var (moment, parts) = (time_t(time), tm())
        gmtime_r(&moment, &parts)
        let fields = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        return fields.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
    }
}

/// What is wrong with a certificate and its key.
package enum CertificateProblem: Error, Hashable, CustomStringConvertible {
    case noLibrary
    case noCertificate
    case noKey
    case otherKey

    package var description: String {
        switch self {
        case .noLibrary: "the certificate cannot be looked at: there is no OpenSSL 3 here (libssl.so.3)"
        case .noCertificate: "the certificate is no PEM text that begins with -----BEGIN CERTIFICATE-----"
        case .noKey: "the key is no PEM text of a private key without a password"
        case .otherKey: "the key is not the one the certificate was made for"
        }
    }
}
