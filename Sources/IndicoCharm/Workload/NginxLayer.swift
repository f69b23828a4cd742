// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

/// The layer of container `indico-nginx`.
enum NginxLayer {
    static let label = "indico-nginx"

    static func make(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        account: ServiceAccount?
    ) -> Layer {
        let builder = ServiceBuilder(account: account, directory: layout.nginxData)
        var layer = Layer(label: label)
        layer.summary = "nginx in front of Indico"

        var nginx = builder.service(
            "nginx",
            summary: "web server",
            command(settings, layout: layout, account: account, configuration: layout.nginxConfiguration)
        )
        if NginxTLS.wantsLowPorts(settings) {
            // The command itself becomes that user.
            (nginx.user, nginx.userID, nginx.group, nginx.groupID) = (nil, nil, nil, nil)
        }
        // SIGQUIT would let requests end; SIGTERM does not wait.
        nginx.killDelay = .seconds(10)
        nginx.backoffLimit = .seconds(10)

        var exporter = builder.service(
            "nginx-exporter",
            summary: "nginx's numbers for Prometheus",
            [
                layout.nginxExporter, "-nginx.scrape-uri=http://127.0.0.1:\(ports.nginxStatus)/stub_status",
                "-web.listen-address=\(layout.exporterAddress):\(ports.nginxExporter)", "-nginx.retries=10",
            ]
        )
        exporter.after = ["nginx"]
        exporter.onCheckFailure = ["nginx-exporter": .restart]
        layer.services = ["nginx": nginx, "nginx-exporter": exporter]

        for check in checks(settings, layout: layout, ports: ports, builder: builder) {
            layer.checks[check.name] = check
        }
        layer.logTargets = LogForwarding.targets(settings.external)
        return layer
    }

    /// nginx's command line.
    ///
    /// For ports below 1024 it is handed the one right it lacks, and stays an ordinary user's process otherwise.
    static func command(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        account: ServiceAccount?,
        configuration: String,
        options: [String] = []
    ) -> [String] {
        // -e: otherwise nginx first tries the log file it was built with.
        let nginx = [layout.nginx] + options + ["-e", "stderr", "-p", layout.nginxData, "-c", configuration]
        guard NginxTLS.wantsLowPorts(settings), let account else { return nginx }
        let right = "-all,+net_bind_service"
        return [
            layout.setpriv, "--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups",
            "--inh-caps=\(right)", "--ambient-caps=\(right)", "--bounding-set=\(right)", "--no-new-privs",
        ] + nginx
    }

    private static func checks(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        builder: ServiceBuilder
    ) -> [Check] {
        var alive = Check(name: "nginx-alive", override: .replace)
        alive.level = .alive
        alive.http = HTTPCheck(url: "http://127.0.0.1:\(ports.nginx)/health")
        alive.threshold = 6

        // The whole way a visitor takes.
        var site = Check(name: "site-ready", override: .replace)
        site.level = .ready
        site.timeout = .seconds(5)
        site.http = HTTPCheck(
            url: "http://127.0.0.1:\(ports.nginx)/ping",
            headers: ["Host": settings.site.authority]
        )

        var exporter = Check(name: "nginx-exporter", override: .replace)
        exporter.period = .seconds(30)
        exporter.http = HTTPCheck(url: "http://127.0.0.1:\(ports.nginxExporter)/metrics")

        var rotation = builder.rotation(
            command: [layout.logrotate, "--state", layout.nginxLogrotateState, layout.nginxLogrotateConfiguration]
        )
        rotation.name = "log-rotation"
        return [alive, site, exporter, rotation]
    }
}
