// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// What a PostgreSQL charm would answer over `postgresql_client`.
package enum DatabaseProvider {
    package static let endpoint = "database"
    package static let applicationName = "postgresql"

    /// The facts of a server.
    package struct Server: Hashable, Sendable {
        package var address: ServerURL
        /// As in `15.18`; empty where it is not known.
        package var version: String

        package init(address: ServerURL, version: String) {
            self.address = address
            self.version = version
        }
    }

    /// The databag and the secret, as the interface has them.
    package static func answer(_ server: Server) -> RemoteApplication {
        let address = server.address
        let endpoint = "\(address.host):\(address.port)"
        let uri =
            "postgresql://\(ServerURL.encoded(address.user)):\(ServerURL.encoded(address.password))"
            + "@\(endpoint)/\(ServerURL.encoded(address.name))"
        var databag: [String: DatabagValue] = [
            "database": .text(address.name),
            "endpoints": .text(endpoint),
            "secret-user": .secret("user"),
        ]
        if !server.version.isEmpty { databag["version"] = .text(server.version) }
        return RemoteApplication(
            name: applicationName,
            databag: databag,
            units: [0: [:]],
            secrets: ["user": ["username": address.user, "password": address.password, "uris": uri]]
        )
    }
}
