// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
package import CharmKit

/// What optional applications offer Indico: where files, logs and traces go, who knows its people, and the way out.
package struct ExternalReadings: Hashable, Sendable {
    /// The endpoint the database comes by: the present one, or the one charms had before.
    package var databaseEndpoint = Endpoint.database
    /// Where attachments are kept.
    package var files: RelationReading<S3Bucket> = .absent
    /// Where people sign in by SAML.
    package var identities: RelationReading<SAMLIdentityProvider> = .absent
    /// The proxy for what goes out.
    package var proxy: RelationReading<OutgoingProxy> = .absent
    /// The model's own proxies, for where no relation gives one.
    package var modelProxies = ProxySettings()
    /// Where traces go.
    package var traces: RelationReading<WebURL> = .absent
    /// Where logs go, by the unit that takes them.
    package var logs: RelationReading<[UnitName: WebURL]> = .absent
    /// Whether somebody shows our dashboards.
    package var showsDashboards = false
    /// How many units there shall be.
    package var plannedUnits = 1
    /// Whether the model gave the attachments a volume; known where several units must share them.
    package var hasFileStorage = false
    /// Where in Juju this unit is, for those who sort what comes from many.
    package var topology: JujuTopology?

    package init() {}

    /// What Indico's settings take of it.
    var services: ExternalServices {
        ExternalServices(
            bucket: files.value,
            identities: identities.value,
            proxy: ProxyVariables(relation: proxy.value, model: modelProxies),
            traces: traces.value,
            logs: logs.value ?? [:],
            topology: topology
        )
    }

    /// Why several units cannot work on one set of attachments, if they cannot.
    ///
    /// Each unit's own disk would hold the files that happened to be uploaded there: half of all downloads fail.
    var sharingObstacle: Obstacle? {
        guard plannedUnits > 1, !hasFileStorage else { return nil }
        switch files {
        case .ready: return nil
        case .waiting(let what): return .waiting("waiting for s3 (\(what)), which \(plannedUnits) units need")
        case .absent, .invalid:
            return .blocked(
                "\(plannedUnits) units need one place for attachments: integrate s3, deploy with the storage"
                    + " attachments on a shared volume, or scale to 1"
            )
        }
    }
}
