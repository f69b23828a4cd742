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

    package init() {}
}
