// SPDX-License-Identifier: Apache-2.0
internal import CTLS
import FoundationEssentials
import TLSSupport

/// Keys and certificates, as PEM.
enum Certificates {
    /// A new key (Ed25519).
    static func makeKey() throws(TLSError) -> String {
        try text(4096, "cannot make a key") { ctls_make_key($0, $1) }
    }

    /// A certificate for a key, issued by another or, without an issuer, by itself.
    ///
    /// `names` are those it is for, such as `DNS:localhost,IP:127.0.0.1`.
    static func make(
        _ commonName: String,
        key: String,
        issuer: (certificate: String, key: String)? = nil,
        names: String? = nil,
        days: Int32
    ) throws(TLSError) -> String {
        try text(8192, "cannot make a certificate") { text, size in
            ctls_make_certificate(commonName, key, issuer?.certificate, issuer?.key, names, days, text, size)
        }
    }

    private static func text(
        _ size: Int,
        _ operation: String,
        _ body: (UnsafeMutablePointer<CChar>, Int) -> Int32
    ) throws(TLSError) -> String {
        var bytes = [CChar](repeating: 0, count: size)
        let result = bytes.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { body($0, size) } ?? CTLS_FAILED.rawValue
        }
        guard result == 0 else { throw TLSError.last(operation) }
        return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The first certificate in a text as DER; nil if there is none.
    static func der(_ pem: String) -> [UInt8]? {
        let begin = "-----BEGIN CERTIFICATE-----"
        let end = "-----END CERTIFICATE-----"
        guard let head = pem.firstRange(of: begin), let tail = pem.firstRange(of: end),
            head.upperBound <= tail.lowerBound
        else {
            return nil
        }
        let body = pem[head.upperBound..<tail.lowerBound].filter { !$0.isWhitespace }
        return Data(base64Encoded: body).map { Array($0) }
    }
}
