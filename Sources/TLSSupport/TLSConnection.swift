// SPDX-License-Identifier: Apache-2.0
internal import CTLS

/// A client's end of a connection over TLS, for who sends and receives the bytes himself.
///
/// What comes from the other end is fed to it, what is to go there is drained from it; it touches no socket.
package final class TLSConnection {
    private let connection: OpaquePointer
    // The connection needs it as long as it lives.
    private let context: TLSContext

    /// As much as one record holds, and more for its frame.
    private static let pieceSize = 17 << 10

    /// Begins a connection.
    ///
    /// - Parameters:
    ///   - context: Whom to trust.
    ///   - host: The name or address the other end's certificate has to be for.
    /// - Throws: `TLSError` when it cannot be begun.
    package init(context: TLSContext, host: String) throws(TLSError) {
        guard let connection = ctls_connection_new(context.pointer, host) else {
            throw TLSError.last("cannot begin a TLS connection")
        }
        self.connection = connection
        self.context = context
    }

    deinit { ctls_connection_free(connection) }

    /// Takes what came from the other end.
    ///
    /// - Throws: `TLSError` when there is no memory for it.
    package func feed(_ bytes: ArraySlice<UInt8>) throws(TLSError) {
        let outcome = bytes.withUnsafeBytes { ctls_feed(connection, $0.baseAddress, $0.count) }
        if outcome != 0 { throw TLSError.last("cannot read") }
    }

    /// What is to be sent to the other end now.
    package func drain() -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: Self.pieceSize)
        while true {
            let count = ctls_drain(connection, &piece, piece.count)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Goes on introducing the ends to each other.
    ///
    /// - Returns: Whether that is done.
    /// - Throws: `TLSError` when the other end is not to be trusted, or does not speak TLS.
    package func handshake() throws(TLSError) -> Bool {
        let outcome = ctls_handshake(connection)
        guard outcome == CTLS_FAILED.rawValue else { return outcome > 0 }
        let error = TLSError.last("TLS handshake failed")
        var text = [CChar](repeating: 0, count: 256)
        ctls_certificate_problem(connection, &text, text.count)
        let problem = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        throw problem.isEmpty ? error : TLSError(description: "\(error) (\(problem))")
    }

    /// Encrypts bytes, which `drain` gives then.
    ///
    /// - Throws: `TLSError` when the connection is over.
    package func write(_ bytes: [UInt8]) throws(TLSError) {
        let written = bytes.withUnsafeBytes { ctls_write(connection, $0.baseAddress, $0.count) }
        if written < 0 { throw TLSError.last("cannot write") }
    }

    /// Decrypts what was fed; empty while more is needed, nil when the other end has no more.
    ///
    /// - Throws: `TLSError` when what was fed is no TLS.
    package func read() throws(TLSError) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: Self.pieceSize)
        let count = ctls_read(connection, &piece, piece.count)
        if count > 0 { return Array(piece[..<count]) }
        switch count {
        case Int(CTLS_CLOSED.rawValue): return nil
        case Int(CTLS_FAILED.rawValue): throw TLSError.last("cannot read")
        default: return []
        }
    }
}
