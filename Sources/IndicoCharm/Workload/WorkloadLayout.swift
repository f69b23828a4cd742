// SPDX-License-Identifier: Apache-2.0

/// Where everything of the workload lies, under one root.
///
/// In a container image the root is `/`; on one machine it is a directory of the operator. The charm knows no other
/// difference between the two.
package struct WorkloadLayout: Hashable, Sendable {
    /// The environment variable that names the root; unset means `/`.
    package static let rootVariable = "INDICO_WORKLOAD_ROOT"

    /// The root, without a trailing slash; empty for `/`.
    private let prefix: String

    /// The layout of a container image.
    package static let image = WorkloadLayout(prefix: "")

    private init(prefix: String) {
        self.prefix = prefix
    }

    /// Creates the layout under a root.
    ///
    /// The paths stand in the configuration of nginx, uWSGI and logrotate and in command lines, each with characters
    /// of its own that mean something; a root of plain characters needs quoting in none of them.
    ///
    /// - Parameter root: The absolute path of the root.
    /// - Throws: ``WorkloadLayoutError`` when the path is not absolute or has other than plain characters.
    package init(root: String) throws(WorkloadLayoutError) {
        guard root.hasPrefix("/") else { throw WorkloadLayoutError(root: root, problem: "is not an absolute path") }
        let plain = root.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "/._-+".utf8.contains(byte)
            }
        }
        guard plain else {
            throw WorkloadLayoutError(root: root, problem: "has characters other than A-Z a-z 0-9 / . _ - +")
        }
        let parts = root.split(separator: "/")
        guard !parts.contains("..") else { throw WorkloadLayoutError(root: root, problem: "has a part that is ..") }
        prefix = parts.map { "/" + $0 }.joined()
    }

    /// Whether the workload has no network of its own, as in a container: then what is only for the operator's people
    /// listens on the loopback address.
    package var sharesNetwork: Bool { !prefix.isEmpty }

    /// The address exporters listen on; empty for all.
    package var exporterAddress: String { sharesNetwork ? "127.0.0.1" : "" }

    /// Joins a path below the root.
    private func path(_ relative: String) -> String { "\(prefix)/\(relative)" }

    /// The root itself.
    package var root: String { prefix.isEmpty ? "/" : prefix }

    // Indico
    package var home: String { path("srv/indico") }
    package var archive: String { path("srv/indico/archive") }
    package var cache: String { path("srv/indico/cache") }
    package var customization: String { path("srv/indico/custom") }
    package var settings: String { path("srv/indico/etc") }
    package var logs: String { path("srv/indico/log") }
    package var temporary: String { path("srv/indico/tmp") }
    /// Where backups are kept, when it is there: storage in a container, a directory on one machine.
    package var backups: String { path("srv/indico/backups") }
    /// When and where backups are made by the clock, and what became of the last.
    package var backupSettings: String { path("srv/indico/etc/backup.json") }
    package var backupOutcome: String { path("srv/indico/etc/backup-outcome.json") }
    /// What a restore unpacks beside the files in use, until it is finished.
    package var unfinishedRestore: String { path("srv/indico/archive/.restore") }
    package var indicoConfiguration: String { path("srv/indico/etc/indico.conf") }
    package var loggingConfiguration: String { path("srv/indico/etc/logging.yaml") }
    package var databasePassword: String { path("srv/indico/etc/database.pgpass") }
    package var databaseAuthority: String { path("srv/indico/etc/database-ca.pem") }
    package var signOnAuthority: String { path("srv/indico/etc/oauth-ca.pem") }
    package var bucketAuthority: String { path("srv/indico/etc/s3-ca.pem") }
    package var brokerURL: String { path("srv/indico/etc/celery-broker-url") }
    /// Packages beside Indico's own; `site` in it is where Python finds them.
    package var plugins: String { path("srv/indico/plugins") }
    /// Says which packages were installed.
    package var pluginsMark: String { path("srv/indico/etc/external-plugins") }
    /// Says from which source the customization in use is.
    package var customizationMark: String { path("srv/indico/etc/customization") }
    package var workloadModule: String { module(.workload) }
    package func module(_ file: WorkloadFile) -> String { path("srv/indico/etc/\(file.name)") }
    /// Beside the module, which looks for it there.
    package var mailAuthority: String { path("srv/indico/etc/smtp-ca.pem") }
    package var statsdMapping: String { path("srv/indico/etc/statsd-mapping.yaml") }
    /// Says which changes were written but not yet taken up, so that a hook that is killed between is made good.
    package var indicoPending: String { path("srv/indico/etc/pending-changes") }
    package var nginxPending: String { path("etc/nginx/pending-changes") }

    // The virtual environment
    package var environment: String { path("opt/indico") }
    package var python: String { path("opt/indico/bin/python") }
    package var uwsgi: String { path("opt/indico/bin/uwsgi") }
    package var staticFiles: String { path("opt/indico/static") }

    // uWSGI
    package var uwsgiConfiguration: String { path("srv/indico/etc/uwsgi.ini") }
    package var standInConfiguration: String { path("srv/indico/etc/uwsgi-stand-in.ini") }
    package var uwsgiReloadTrigger: String { path("srv/indico/etc/reload-uwsgi") }

    // nginx
    package var nginx: String { path("usr/sbin/nginx") }
    package var nginxSettings: String { path("etc/nginx") }
    /// The certificate visitors are shown, with its key.
    package var nginxCertificate: String { path("etc/nginx/tls.pem") }
    /// Where an authority's questions are answered from.
    package var acmeChallenges: String { path("var/lib/nginx/acme") }
    package var nginxConfiguration: String { path("etc/nginx/nginx.conf") }
    package var maintenancePage: String { path("etc/nginx/maintenance.html") }
    package var nginxData: String { path("var/lib/nginx") }
    package var nginxPID: String { path("var/lib/nginx/nginx.pid") }
    package var nginxLogs: String { path("var/log/nginx") }
    package var nginxLogrotateConfiguration: String { path("etc/nginx/logrotate.conf") }
    package var nginxLogrotateState: String { path("var/lib/nginx/logrotate.state") }

    // Companions
    package var setpriv: String { path("usr/bin/setpriv") }
    package var logrotate: String { path("usr/sbin/logrotate") }
    package var logrotateConfiguration: String { path("srv/indico/etc/logrotate.conf") }
    package var logrotateState: String { path("srv/indico/tmp/logrotate.state") }
    package var nginxExporter: String { path("usr/bin/prometheus-nginx-exporter") }
    package var statsdExporter: String { path("usr/bin/statsd-exporter") }
    package var celeryExporter: String { path("usr/bin/celery-exporter") }
}

/// A workload root that cannot be used.
package struct WorkloadLayoutError: Error, Hashable, CustomStringConvertible {
    package let root: String
    package let problem: String

    package var description: String {
        "cannot use \(root) as the workload root (\(WorkloadLayout.rootVariable)): it \(problem)"
    }
}
