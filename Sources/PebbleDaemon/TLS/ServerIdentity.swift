// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Synchronization
import TLSSupport

/// Who the daemon is to clients over TLS: a key that stays, and certificates that come and go.
///
/// The key is in `identity/key.pem`, made at the first start. The certificates that clients are shown are for a key of
/// their own that is never written anywhere, issued by the identity, and replaced well before they are out of date.
final class ServerIdentity: Sendable {
    private struct Current {
        var context: TLSContext
        var made: Timestamp
    }

    private static let validDays: Int32 = 90
    private static let renewal = Duration.seconds(30 * 86_400)
    private static let identityDays: Int32 = 3650

    private let directory: String
    private let names: String
    private let now: @Sendable () -> Timestamp
    private let key: String
    private let current: Mutex<Current?> = Mutex(nil)

    /// Reads the key of a daemon's directory, or makes it.
    init(directory: String, host: String, now: @escaping @Sendable () -> Timestamp) throws {
        self.directory = directory
        self.now = now
        var names = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
        let own = Machine.hostName()
        if Self.isName(own), own != "localhost" { names.append("DNS:\(own)") }
        if Self.isAddress(host), !names.contains("IP:\(host)") { names.append("IP:\(host)") }
        self.names = names.joined(separator: ",")
        key = try Self.readKey(directory)
    }

    private static func readKey(_ directory: String) throws -> String {
        let path = "\(directory)/identity/key.pem"
        do throws(SystemError) {
            return String(decoding: try FileBytes.read(path, limit: 1 << 16), as: UTF8.self)
        } catch {
            guard error.isNotFound else { throw error }
        }
        let key = try Certificates.makeKey()
        try makeDirectory("\(directory)/identity")
        try AtomicFile.write(key, to: path, mode: 0o600)
        return key
    }

    private static func makeDirectory(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("mkdir \(path)") }
    }

    /// The context for a connection that begins now.
    func context() throws -> TLSContext {
        try current.withLock { current in
            let now = now()
            if let current, now - current.made < Self.renewal, now >= current.made { return current.context }
            let context = try makeContext()
            current = Current(context: context, made: now)
            return context
        }
    }

    private func makeContext() throws -> TLSContext {
        let issuer = try Certificates.make("pebble identity", key: key, days: Self.identityDays)
        let own = try Certificates.makeKey()
        let certificate = try Certificates.make(
            "pebble",
            key: own,
            issuer: (certificate: issuer, key: key),
            names: names,
            days: Self.validDays
        )
        // For whoever wants to tell clients beforehand what they will see.
        try Self.makeDirectory("\(directory)/tls")
        try AtomicFile.write(certificate + issuer, to: "\(directory)/tls/certificate.pem", mode: 0o644)
        return try TLSContext.server(certificate: certificate, key: own, issuer: issuer)
    }

    /// Whether a name is fit for a certificate: others could say more than a name.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
    }

    private static func isAddress(_ text: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
    }
}
