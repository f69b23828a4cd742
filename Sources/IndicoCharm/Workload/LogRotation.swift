// SPDX-License-Identifier: Apache-2.0

/// Renders logrotate's configuration for a container.
enum LogRotation {
    /// Indico's own logs; its handlers notice by themselves that a file was rotated away.
    static func renderIndico(_ layout: WorkloadLayout) -> String {
        render(files: "\(layout.logs)/*.log")
    }

    /// nginx's access log; nginx opens its files anew on SIGUSR1.
    static func renderNginx(_ layout: WorkloadLayout) -> String {
        render(
            files: "\(layout.nginxLogs)/*.log",
            afterwards: "test ! -s \(layout.nginxPID) || kill -USR1 \"$(cat \(layout.nginxPID))\""
        )
    }

    private static func render(files: String, afterwards: String? = nil) -> String {
        let script = afterwards.map { "\n    sharedscripts\n    postrotate\n        \($0)\n    endscript" } ?? ""
        return """
            # Written by the Indico charm: changes made here are lost at its next event.
            \(files) {
                daily
                maxsize 100M
                rotate 14
                missingok
                notifempty
                compress
                delaycompress
                dateext
                dateformat -%Y%m%d-%s\(script)
            }

            """
    }
}
