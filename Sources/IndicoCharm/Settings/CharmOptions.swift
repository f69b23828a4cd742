// SPDX-License-Identifier: Apache-2.0

/// The charm's options but the site's URL, checked.
package struct CharmOptions: Hashable, Sendable {
    package var supportEmail = "support-tech@mydomain.local"
    package var publicSupportEmail = "support@mydomain.local"
    package var noReplyEmail = "noreply@mydomain.local"
    package var enableRoomBooking = false
    package var customizationDebug = false
    package var customizationSource: String?
    package var timeZone = "UTC"
    package var locale = "en_GB"
    package var workers = 3
    package var celeryWorkers = 2
    package var trustedProxies: [String] = []
    /// Where nginx speaks HTTPS, where it has a certificate.
    package var httpsPort = 8443
    /// The most one upload may have, in MiB; 0 for no limit.
    package var uploadLimit = 0
    /// Whether to go on without a bucket that holds files.
    package var abandonsBucket = false
    /// Plugins to enable, sorted.
    package var plugins: [String] = []
    /// Python packages to install beside Indico, each as pip takes it.
    package var externalPlugins: [String] = []
    /// What is logged at least.
    package var logLevel = LogLevel.info
    /// Whether people may also sign in with an account of Indico's own where another provider is related.
    package var localIdentities = true
    /// The attribute of SAML that names a person for ever.
    package var samlIdentifier = "openid"
    /// Which attribute of SAML goes into which field of a person.
    package var samlMapping: [SAMLField] = SAMLField.existing
    /// Fields of a person that are filled by what the provider says, at each sign-in.
    package var syncedFields: [String] = []
    /// Requests of one client to log in per minute; 0 for no limit.
    package var logInRate = 0
    /// Requests of one client to the API per minute; 0 for no limit.
    package var apiRate = 0
    /// When backups are made by themselves; nil for never.
    package var backupSchedule: BackupSchedule?
    /// More settings of Indico, in the order of their names.
    package var extraSettings: [ExtraSetting] = []

    package init() {}

    /// How grave something must be to be logged.
    package enum LogLevel: String, Hashable, Sendable, CaseIterable {
        case debug
        case info
        case warning
        case error
    }
}

/// A field of a person and the attribute of SAML it is taken from.
package struct SAMLField: Hashable, Sendable {
    package var field: String
    package var attribute: String

    /// What the existing charm has: the attributes of Ubuntu's single sign-on.
    package static let existing = [
        SAMLField(field: "user_name", attribute: "username"), SAMLField(field: "first_name", attribute: "fullname"),
        SAMLField(field: "last_name", attribute: ""), SAMLField(field: "email", attribute: "email"),
    ]

    /// The fields Indico can keep as the provider has them.
    static let synchronizable = ["first_name", "last_name", "affiliation", "phone", "address"]

    /// The fields Indico knows of a person, in the order in which they are written.
    static let known = ["user_name", "first_name", "last_name", "email", "affiliation", "phone", "address"]
}
