// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The directory that looks to the charm like a container made from the images.
package struct WorkloadRoot: Sendable {
    package let state: StateDirectory
    package let account: Account

    package init(state: StateDirectory, account: Account) {
        self.state = state
        self.account = account
    }

    /// Programs of the distribution, by their place in the image.
    package static let systemPrograms = [
        "usr/sbin/nginx": "/usr/sbin/nginx",
        "usr/sbin/logrotate": "/usr/sbin/logrotate",
        "usr/bin/setpriv": "/usr/bin/setpriv",
        "usr/bin/prometheus-nginx-exporter": "/usr/bin/prometheus-nginx-exporter",
    ]

    /// Directories the workload writes to; all belong to its account.
    package static let ownedDirectories = [
        "srv/indico", "srv/indico/archive", "srv/indico/backups", "srv/indico/cache", "srv/indico/custom",
        "srv/indico/etc", "srv/indico/log",
        "srv/indico/tmp", "etc/nginx", "var/log/nginx", "var/lib/nginx", "run",
    ]

    /// Makes what is missing.
    package func prepare() throws {
        try FileStore.makeDirectory(state.root, mode: 0o755)
        for name in Self.ownedDirectories {
            try FileStore.makeDirectory("\(state.root)/\(name)", mode: 0o750, owner: account)
        }
        for name in ["opt", "usr/sbin", "usr/bin"] { try FileStore.makeDirectory("\(state.root)/\(name)", mode: 0o755) }
        for (name, target) in Self.systemPrograms {
            guard FileStore.isExecutable(target) else {
                throw OperatorError("\(target) is not there", remedy: "Run 'make run', which installs what is missing.")
            }
            try FileStore.link("\(state.root)/\(name)", to: target)
        }
        try FileStore.link(state.root + "/usr/bin/statsd-exporter", to: state.program(.statsdExporter))
        try FileStore.link(state.root + "/usr/bin/celery-exporter", to: state.program(.celeryExporter))
        if FileStore.exists("/etc/nginx/mime.types") {
            try FileStore.link(state.root + "/etc/nginx/mime.types", to: "/etc/nginx/mime.types")
        }
    }

    /// Points the image's place for static files at those in the environment.
    package func linkStaticFiles(sitePackages: String) throws {
        try FileStore.link(state.pythonEnvironment + "/static", to: sitePackages + "/indico/web/static")
    }
}
