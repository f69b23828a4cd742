// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import Glibc
import TLSSupport

/// A blocking connection to a web server, with TLS where its address begins with `https`.
///
/// The system's OpenSSL is loaded when the first `https` address is met: a charm without one starts without it.
final class ReceiverConnection {
    /// Why there is no connection, or no more of it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32
    private var tls: TLSConnection?

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Connects to the first address of the server that answers.
    ///
    /// - Parameters:
    ///   - url: The server; the host of it is looked up, and has to be in its certificate.
    ///   - patience: How long each step may take.
    ///   - trusting: A file of certificates to trust instead of the system's authorities.
    /// - Returns: The connection.
    /// - Throws: `Failure` when it is not known, does not answer or is not who it says.
    static func open(to url: WebURL, patience: Duration, trusting: String?) throws(Failure) -> ReceiverConnection {
        let connection = ReceiverConnection(try connected(url, patience))
        if url.isSecure { try connection.introduce(to: url, trusting) }
        return connection
    }

    deinit { close(descriptor) }

    private func introduce(to url: WebURL, _ trusting: String?) throws(Failure) {
        var files = TLSClientFiles()
        files.authorities = trusting
        let tls: TLSConnection
        do {
            tls = try TLSConnection(context: try TLSContext.client(files), host: url.host)
        } catch {
            throw Failure(description: "\(url): \(error)")
        }
        while true {
            do {
                if try tls.handshake() { break }
            } catch {
                // The other end is told why, if it still listens.
                try? sendAll(tls.drain())
                throw Failure(description: "\(url): \(error)")
            }
            try sendAll(tls.drain())
            let bytes = try receiveSome()
            guard !bytes.isEmpty else { throw Failure(description: "\(url) hung up during the TLS handshake") }
            do {
                try tls.feed(bytes[...])
            } catch {
                throw Failure(description: "\(url): \(error)")
            }
        }
        try sendAll(tls.drain())
        self.tls = tls
    }

    /// Sends all of it.
    ///
    /// - Throws: `Failure` when the server does not take it.
    func send(_ bytes: [UInt8]) throws(Failure) {
        guard let tls else { return try sendAll(bytes) }
        do {
            try tls.write(bytes)
        } catch {
            throw Failure(description: "\(error)")
        }
        try sendAll(tls.drain())
    }

    /// The first bytes of the answer; none when the server has hung up.
    ///
    /// - Throws: `Failure` when nothing comes in time.
    func receive() throws(Failure) -> [UInt8] {
        guard let tls else { return try receiveSome() }
        do {
            while true {
                guard let bytes = try tls.read() else { return [] }
                if !bytes.isEmpty { return bytes }
                let encrypted = try receiveSome()
                if encrypted.isEmpty { return [] }
                try tls.feed(encrypted[...])
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private func sendAll(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "it does not take it: error \(errno)") }
            sent += count
        }
    }

    private func receiveSome() throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(description: "it does not answer: error \(errno)") }
            return Array(bytes[..<count])
        }
    }

    private static func connected(_ url: WebURL, _ patience: Duration) throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let port = url.port ?? (url.isSecure ? 443 : 80)
        guard getaddrinfo(url.host, String(port), &hints, &found) == 0, let first = found else {
            throw Failure(description: "the host of \(url) is not known")
        }
        defer { freeaddrinfo(first) }
        var reason: Int32 = 0
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next {
            next = address.pointee.ai_next
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            let descriptor = socket(address.pointee.ai_family, kind, address.pointee.ai_protocol)
            guard descriptor >= 0 else {
                reason = errno
                continue
            }
            let (seconds, attoseconds) = patience.components
            var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
            if connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 { return descriptor }
            reason = errno
            close(descriptor)
        }
        throw Failure(description: "cannot connect to \(url): error \(reason)")
    }
}
