// SPDX-License-Identifier: Apache-2.0
internal import CTLS

/// Why there is no TLS, or no more of it.
package struct TLSError: Error, Equatable, CustomStringConvertible {
    /// What failed, and why.
    package let description: String

    /// Creates an error.
    package init(description: String) {
        self.description = description
    }

    /// What the library says of the operation of this thread that just failed.
    package static func last(_ operation: String) -> TLSError {
        var text = [CChar](repeating: 0, count: 256)
        ctls_problem(&text, text.count)
        let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return TLSError(description: "\(operation): \(reason)")
    }
}

/// Whom a client trusts and who it is, by the paths of files with PEM.
package struct TLSClientFiles: Sendable, Hashable {
    /// Certificates to trust instead of the system's authorities.
    package var authorities: String?
    /// The client's certificate, and those that vouch for it.
    package var certificate: String?
    /// Its key; nil when that is in the certificate's file.
    package var key: String?
    /// Whether the other end has to be vouched for at all.
    package var verifies = true

    /// Trusts the system's authorities and tells nothing of itself.
    package init() {}
}

/// What connections of one kind have in common.
///
/// `@unchecked Sendable` holds because the library lets threads share a context, and nothing in it is changed after it
/// was made.
package final class TLSContext: @unchecked Sendable {
    /// The library's context.
    package let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// For connections to others, whom the system's authorities have to vouch for unless the files say otherwise.
    ///
    /// - Parameter files: Whom to trust, and who we are.
    /// - Returns: The context.
    /// - Throws: `TLSError` where there is no library, or a file is no good.
    package static func client(_ files: TLSClientFiles = TLSClientFiles()) throws(TLSError) -> TLSContext {
        let pointer = ctls_client_context_with(
            files.authorities,
            files.certificate,
            files.key,
            files.verifies ? 1 : 0
        )
        guard let pointer else { throw TLSError.last("cannot use TLS") }
        return TLSContext(pointer)
    }

    /// For connections from others, who have to show a certificate, whoever issued it.
    ///
    /// - Throws: `TLSError` where there is no library, or what is given is no good.
    package static func server(certificate: String, key: String, issuer: String) throws(TLSError) -> TLSContext {
        guard let pointer = ctls_server_context(certificate, key, issuer) else {
            throw TLSError.last("cannot serve TLS")
        }
        return TLSContext(pointer)
    }

    deinit { ctls_context_free(pointer) }
}
