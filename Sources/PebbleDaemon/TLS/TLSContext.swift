// SPDX-License-Identifier: Apache-2.0
internal import CTLS
import Synchronization

/// Why there is no TLS, or no more of it.
struct TLSError: Error, Equatable, CustomStringConvertible {
    let description: String

    /// What the library says of the operation of this thread that just failed.
    static func last(_ operation: String) -> TLSError {
        var text = [CChar](repeating: 0, count: 256)
        ctls_problem(&text, text.count)
        let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return TLSError(description: "\(operation): \(reason)")
    }
}

/// What connections of one kind have in common.
///
/// Sendable although it holds a pointer: the library lets threads share a context, and nothing in it is changed after
/// it was made.
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// For connections to others, whom the system's authorities have to vouch for.
    static func client() throws(TLSError) -> TLSContext {
        guard let pointer = ctls_client_context() else { throw TLSError.last("cannot use TLS") }
        return TLSContext(pointer)
    }

    /// For connections from others, who have to show a certificate, whoever issued it.
    static func server(certificate: String, key: String, issuer: String) throws(TLSError) -> TLSContext {
        guard let pointer = ctls_server_context(certificate, key, issuer) else {
            throw TLSError.last("cannot serve TLS")
        }
        return TLSContext(pointer)
    }

    deinit { ctls_context_free(pointer) }
}

/// The context for connections to others, made when the first is: reading the system's authorities takes time and
/// memory that a daemon without such connections keeps.
final class TLSClient: Sendable {
    private let context: Mutex<TLSContext?> = Mutex(nil)

    func handler(host: String) throws -> TLSHandler {
        let context = try context.withLock { known in
            if let known { return known }
            let new = try TLSContext.client()
            known = new
            return new
        }
        return try TLSHandler(context: context, host: host)
    }
}
