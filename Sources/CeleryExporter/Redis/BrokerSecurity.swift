// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import Synchronization
import TLSChannel
import TLSSupport

/// How a connection to a broker over TLS is to be, in the words of Celery and redis-py: `ssl_cert_reqs`,
/// `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_check_hostname`.
struct BrokerSecurity: Sendable, Hashable {
    /// A word that means nothing here.
    struct Unknown: Error, CustomStringConvertible, Equatable {
        let description: String
    }

    /// Whom to trust and who we are.
    var files = TLSClientFiles()
    /// Whether the broker's certificate has to be for the broker's name.
    var checksName = true

    /// Takes one setting, with or without `ssl_` before its name.
    ///
    /// - Throws: `Unknown` when there is no such setting, or not with this value.
    mutating func set(_ name: String, _ value: String) throws(Unknown) {
        switch name.hasPrefix("ssl_") ? String(name.dropFirst(4)) : name {
        case "cert_reqs":
            switch value.lowercased() {
            case "none", "cert_none", "ssl.cert_none", "0": files.verifies = false
            case "optional", "cert_optional", "ssl.cert_optional", "1", "required", "cert_required",
                "ssl.cert_required", "2":
                files.verifies = true
            default: throw Unknown(description: "ssl_cert_reqs is none, optional or required")
            }
        case "ca_certs": files.authorities = value
        case "certfile": files.certificate = value
        case "keyfile": files.key = value
        case "check_hostname": checksName = !["false", "no", "0"].contains(value.lowercased())
        default: throw Unknown(description: "there is no setting \"\(name)\" for TLS here")
        }
    }
}

/// The TLS contexts of connections to the broker: made when first wanted, and anew when a file was replaced.
final class BrokerTLS: Sendable {
    private struct Known {
        let security: BrokerSecurity
        let versions: [FileVersion?]
        let context: TLSContext
    }

    private let known: Mutex<Known?> = Mutex(nil)

    /// What encrypts a connection.
    ///
    /// - Parameters:
    ///   - host: The broker's host.
    ///   - security: How it is to be.
    /// - Returns: The handler for the connection's pipeline.
    /// - Throws: `TLSError` where there is no library, or a file is no good.
    func handler(host: String, _ security: BrokerSecurity) throws -> TLSHandler {
        let files = security.files
        let versions = [files.authorities, files.certificate, files.key].map { $0.flatMap(FileVersion.init) }
        let context = try known.withLock { known in
            if let known, known.security == security, known.versions == versions { return known.context }
            let context = try TLSContext.client(files)
            known = Known(security: security, versions: versions, context: context)
            return context
        }
        return try TLSHandler(context: context, host: host, checksName: security.checksName)
    }
}
