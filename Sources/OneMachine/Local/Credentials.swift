// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport

/// Passwords of the local servers, made once and known to nobody else.
package struct Credentials: Codable, Hashable, Sendable {
    package var postgresql: String
    package var redisCache: String
    package var redisBroker: String

    package init(postgresql: String, redisCache: String, redisBroker: String) {
        self.postgresql = postgresql
        self.redisCache = redisCache
        self.redisBroker = redisBroker
    }

    /// Reads those of the installation; the first time, makes them.
    package static func ensure(in state: StateDirectory) throws -> Credentials {
        if let content = try FileStore.read(state.credentials) {
            return try JSONDecoder().decode(Credentials.self, from: Data(content))
        }
        let fresh = Credentials(postgresql: password(), redisCache: password(), redisBroker: password())
        try FileStore.write(Array(JSONEncoder().encode(fresh)), to: state.credentials, mode: 0o600)
        return fresh
    }

    /// Thirty-two letters and digits, which need no quoting in a URL, in SQL or in a configuration file: 190 bits.
    package static func password() -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<32).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
    }
}
