// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

/// What optional applications are asked for or told.
package struct ExternalRequests: Hashable, Sendable {
    package var asksForLegacyDatabase = false
    package var asksForBucket = false
    package var asksForTraces = false
    package var asksForProxy = false
    package var sendsLogs = false
    package var showsDashboards = false

    package init() {}

    /// Asks each that is related.
    init(_ readings: ExternalReadings) {
        asksForLegacyDatabase = readings.databaseEndpoint == Endpoint.legacyDatabase
        asksForBucket = !readings.files.isAbsent
        asksForTraces = !readings.traces.isAbsent
        asksForProxy = !readings.proxy.isAbsent
        sendsLogs = !readings.logs.isAbsent
        showsDashboards = readings.showsDashboards
    }
}
