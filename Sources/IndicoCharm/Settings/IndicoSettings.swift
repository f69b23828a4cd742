// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces

/// All that Indico is told, checked and typed: what `indico.conf` and its companions are rendered from.
package struct IndicoSettings: Hashable, Sendable {
    package var site: SiteURL
    package var secretKey: String
    package var database: PostgreSQLDatabase
    package var cache: RedisServer
    package var broker: RedisServer
    package var mail: SMTPServer?
    /// Where people sign in beside Indico's own accounts.
    package var signOn: OAuthProviderInfo?
    /// The certificate nginx shows visitors; nil where TLS ends in front of it, or nowhere.
    package var certificate: ServedCertificate?
    /// What optional applications give.
    package var external = ExternalServices()
    package var options: CharmOptions
    /// Whether nginx sees Indico's files, so that it can send attachments itself.
    package var nginxSeesFiles: Bool
    /// Where backups by the clock go; nil when there are none.
    package var backupPlace: BackupPlace?
    /// What visitors are told instead of being served; nil to serve them.
    package var maintenance: String?

    package init(
        site: SiteURL,
        secretKey: String,
        database: PostgreSQLDatabase,
        cache: RedisServer,
        broker: RedisServer,
        mail: SMTPServer? = nil,
        signOn: OAuthProviderInfo? = nil,
        options: CharmOptions = CharmOptions(),
        nginxSeesFiles: Bool = false,
        maintenance: String? = nil
    ) {
        self.site = site
        self.secretKey = secretKey
        self.database = database
        self.cache = cache
        self.broker = broker
        self.mail = mail
        self.signOn = signOn
        self.options = options
        self.nginxSeesFiles = nginxSeesFiles
        self.maintenance = maintenance
    }
}
