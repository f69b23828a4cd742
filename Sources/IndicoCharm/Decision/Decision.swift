// SPDX-License-Identifier: Apache-2.0
package import CharmKit
package import PebblePlan

/// What shall be: a value that says nothing of what is.
package struct Decision: Hashable, Sendable {
    /// What keeps the workload from being touched; nil when it shall be as `workload` says.
    package var obstacle: Obstacle?
    /// Whether the leader shall make the secret key.
    package var makesSecretKey = false
    /// Whether the leader must say that files are in a bucket from now on.
    package var marksBucket = false
    /// The unit that shall run Celery, when the leader must say so anew.
    package var celeryUnit: UnitName?
    /// Whether this unit must stop its Celery, whatever else is amiss: another one was elected.
    package var yieldsCelery = false
    /// Whether its worker may stay: all units have one.
    package var keepsWorker = false
    /// What the workload shall be.
    package var workload: DesiredWorkload?
    /// What the neighbours are told.
    package var publications = Publications()
}

/// Why the workload is left as it is.
package enum Obstacle: Hashable, Sendable {
    /// An operator must act.
    case blocked(String)
    /// Another unit or application must act.
    case waiting(String)
}

/// What the workload shall be on this unit.
package struct DesiredWorkload: Hashable, Sendable {
    package var settings: IndicoSettings
    package var layout: WorkloadLayout
    package var ports: WorkloadPorts
    package var indico: DesiredContainer
    package var nginx: DesiredContainer
    /// Whether this unit may change the database's schema.
    package var mayMigrate: Bool
    /// What of Celery runs on this unit.
    package var celery: CeleryRole
    /// Which database with which schema the leader last found or made; nil when it has not said.
    package var databaseMark: String?
}

/// What of Celery a unit runs.
package enum CeleryRole: Hashable, Sendable {
    /// Nothing.
    case none
    /// It works on tasks, beside the elected unit.
    case worker
    /// It is elected: it works on tasks, schedules, and does what is done once for all units.
    case elected
}

/// What a container shall hold.
package struct DesiredContainer: Hashable, Sendable {
    package var account: ServiceAccount?
    /// Where the container notes changes that are not taken up yet.
    package var pendingPath: String
    /// The directories that must be there before anything starts.
    package var directories: [String]
    package var files: [DesiredFile]
    package var layer: Layer
}

/// A file that shall be in a container.
package struct DesiredFile: Hashable, Sendable {
    /// What reads the file, and so what must be done when it changed.
    package enum Reader: Hashable, Sendable {
        /// Indico: each uWSGI worker when it loads, Celery when it starts.
        case application
        /// uWSGI's master when it starts or gets SIGHUP.
        case uwsgi
        /// nginx when it starts or gets SIGHUP.
        case nginx
        /// The exporter of the name when it starts.
        case service(String)
        /// Pebble when it compares what runs with the plan; for layers, which are no files.
        case plan
        /// Services that keep our module in memory: what they promise each other must be of one version on all units.
        case module
        /// Whoever uses it, at each use.
        case eachUse
    }

    package var path: String
    package var content: String
    package var permissions: UInt16
    package var reader: Reader
    /// Whether it is one of our modules, which call each other.
    package var isModule: Bool { path.hasSuffix(".py") }
}
