// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import Glibc
import PebbleAPI

extension Observation {
    /// Reads the certificate of the secret that the option `tls_secret` names; asks nobody where it names none.
    func certificate(_ options: [String: JSONValue]) throws -> RelationReading<ServedCertificate> {
        guard let id = options["tls_secret"]?.stringValue, !id.isEmpty else { return .absent }
        switch try model.readRemoteSecret(id) {
        case .waiting(let what): return .waiting("\(what): grant the secret to \(model.application)")
        case .invalid(let reason): return .invalid(reason)
        case .content(let content): return ServedCertificate.read(content, at: Int64(time(nil)))
        }
    }
}
