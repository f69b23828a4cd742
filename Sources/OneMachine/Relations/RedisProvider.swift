// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// What a Redis charm would answer over `redis`, with the password in a secret where there is one.
package enum RedisProvider {
    package static func answer(_ address: ServerURL, name: String) -> RemoteApplication {
        var databag: [String: DatabagValue] = ["leader-host": .text(address.host)]
        var secrets: [String: [String: String]] = [:]
        if !address.password.isEmpty {
            databag["secret-user"] = .secret("user")
            var content = ["password": address.password]
            if !address.user.isEmpty { content["username"] = address.user }
            secrets["user"] = content
        }
        return RemoteApplication(
            name: name,
            databag: databag,
            units: [0: ["hostname": .text(address.host), "port": .text(String(address.port))]],
            secrets: secrets
        )
    }
}
