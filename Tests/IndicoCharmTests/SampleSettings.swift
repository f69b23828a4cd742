// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import Testing

@testable import IndicoCharm

/// Settings of a site like many.
func sampleSettings(_ change: (inout IndicoSettings) -> Void = { _ in }) throws -> IndicoSettings {
    var options = CharmOptions()
    options.supportEmail = "tech@example.com"
    options.publicSupportEmail = "help@example.com"
    options.noReplyEmail = "no-reply@example.com"
    options.trustedProxies = ["10.0.0.0/8", "fd00::/8"]
    var mail = SMTPServer(
        endpoint: try #require(NetworkEndpoint(host: "mail.example.com", port: 587)),
        authentication: .plain,
        security: .starttls
    )
    mail.user = "mailer"
    mail.password = "mail'pass"
    var settings = IndicoSettings(
        site: try SiteURL("https://indico.example.com"),
        secretKey: "0123456789abcdef",
        database: PostgreSQLDatabase(
            endpoints: [try #require(NetworkEndpoint(host: "10.0.0.1", port: 5432))],
            database: "indico",
            username: "relation_id_1",
            password: "p@ss:w\\rd"
        ),
        cache: RedisServer(endpoint: try #require(NetworkEndpoint(host: "10.0.0.3", port: 6379))),
        broker: RedisServer(
            endpoint: try #require(NetworkEndpoint(host: "10.0.0.2", port: 6379)),
            password: "br/ok%er"
        ),
        mail: mail,
        options: options,
        nginxSeesFiles: true
    )
    change(&settings)
    return settings
}
