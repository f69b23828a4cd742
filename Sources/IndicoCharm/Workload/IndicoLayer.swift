// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

/// The layers of container `indico`: uWSGI with its exporter on every unit, Celery on the elected one.
enum IndicoLayer {
    static let label = "indico"

    /// The services a unit that is not elected for Celery must not run; backups by the clock are made where Celery is.
    static let celeryServices = ["celery-worker", "celery-beat", "celery-exporter", BackupTimer.name]

    static func make(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        account: ServiceAccount?,
        runsCelery: Bool
    ) -> Layer {
        let builder = ServiceBuilder(account: account, directory: layout.home)
        var layer = Layer(label: label)
        layer.summary = "Indico"
        for service in services(settings, layout: layout, ports: ports, runsCelery: runsCelery, builder: builder) {
            layer.services[service.name] = service
        }
        for check in checks(settings, layout: layout, ports: ports, runsCelery: runsCelery, builder: builder) {
            layer.checks[check.name] = check
        }
        layer.logTargets = LogForwarding.targets(settings.external)
        return layer
    }

    private static func services(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        runsCelery: Bool,
        builder: ServiceBuilder
    ) -> [Service] {
        var statsd = builder.service(
            "statsd-exporter",
            summary: "uWSGI's numbers for Prometheus",
            [
                layout.statsdExporter, "--statsd.listen-udp=127.0.0.1:\(ports.statsd)",
                "--statsd.listen-tcp=", "--syslog.listen-udp=127.0.0.1:\(ports.statsdSyslog)",
                "--web.listen-address=\(layout.exporterAddress):\(ports.statsdExporter)",
                "--statsd.mapping-config=\(layout.statsdMapping)",
            ]
        )
        statsd.onCheckFailure = ["statsd-exporter": .restart]

        var indico = builder.service(
            "indico",
            summary: "Indico in uWSGI",
            [layout.uwsgi, "--ini", layout.uwsgiConfiguration]
        )
        indico.environment = environment(layout)
        indico.after = ["statsd-exporter"]
        // Its workers need 4 to 7 seconds to leave, longer when a request runs.
        indico.killDelay = .seconds(30)
        indico.backoffLimit = .seconds(10)

        guard runsCelery else { return [statsd, indico] }
        return [statsd, indico] + celery(settings, layout: layout, ports: ports, builder: builder)
    }

    private static func celery(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        builder: ServiceBuilder
    ) -> [Service] {
        var worker = builder.service(
            "celery-worker",
            summary: "Indico's background tasks",
            [
                layout.python, layout.workloadModule, "celery", "worker", "--task-events", "--without-gossip",
                "--without-mingle", "--concurrency=\(settings.options.celeryWorkers)",
            ]
        )
        worker.environment = environment(layout)
        // It finishes the tasks it has begun.
        worker.killDelay = .seconds(60)
        worker.onCheckFailure = ["celery-worker": .restart]

        var beat = builder.service(
            "celery-beat",
            summary: "Indico's scheduler",
            [layout.python, layout.workloadModule, "celery", "beat"]
        )
        beat.environment = environment(layout)
        beat.killDelay = .seconds(10)

        var exporter = builder.service(
            "celery-exporter",
            summary: "Celery's numbers for Prometheus",
            [
                layout.celeryExporter, "--broker-url-file=\(layout.brokerURL)",
                "--host=\(layout.sharesNetwork ? layout.exporterAddress : "0.0.0.0")",
                "--port=\(ports.celeryExporter)", "--retry-interval=5",
            ]
        )
        exporter.onCheckFailure = ["celery-exporter": .restart]
        guard settings.options.backupSchedule != nil else { return [worker, beat, exporter] }
        return [worker, beat, exporter, BackupTimer.service(layout: layout, builder: builder)]
    }

    /// No secret is in it: Indico reads those from its configuration.
    static func environment(_ layout: WorkloadLayout) -> [String: String] {
        [
            "INDICO_CONFIG": layout.indicoConfiguration, "HOME": layout.home, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": "\(layout.plugins)/site:\(layout.settings)",
        ]
    }

    private static func checks(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        runsCelery: Bool,
        builder: ServiceBuilder
    ) -> [Check] {
        // Liveness is a socket that somebody holds: Juju has the whole container killed when this fails, which must
        // not happen because a broker, a database or an exporter is away.
        var alive = Check(name: "indico-alive", override: .replace)
        alive.level = .alive
        alive.tcp = TCPCheck(port: ports.uwsgi, host: "127.0.0.1")
        alive.threshold = 12

        var ready = Check(name: "indico-ready", override: .replace)
        ready.level = .ready
        ready.timeout = .seconds(5)
        // Indico answers 404 to any other host or scheme. /ping needs neither database nor session.
        ready.http = HTTPCheck(
            url: "http://127.0.0.1:\(ports.uwsgi)/ping",
            headers: ["Host": settings.site.authority, "X-Forwarded-Proto": settings.site.scheme]
        )

        var rotation = builder.rotation(
            command: [layout.logrotate, "--state", layout.logrotateState, layout.logrotateConfiguration]
        )
        rotation.name = "log-rotation"

        let statsd = exporterCheck("statsd-exporter", port: ports.statsdExporter)
        guard runsCelery else { return [alive, ready, statsd, rotation] }

        var heartbeat = Check(name: "celery-worker", override: .replace)
        heartbeat.period = .seconds(60)
        heartbeat.timeout = .seconds(20)
        heartbeat.exec = builder.exec([layout.python, layout.workloadModule, "celery-check"], layout: layout)
        let celery = [heartbeat, exporterCheck("celery-exporter", port: ports.celeryExporter)]
        let backups =
            settings.options.backupSchedule == nil ? [] : [BackupTimer.check(layout: layout, builder: builder)]
        return [alive, ready, statsd, rotation] + celery + backups
    }

    private static func exporterCheck(_ name: String, port: Int) -> Check {
        var check = Check(name: name, override: .replace)
        check.period = .seconds(30)
        // Not /metrics: that asks the broker first, and a broker that is away is no reason to restart the exporter.
        check.http = HTTPCheck(url: "http://127.0.0.1:\(port)/-/healthy")
        return check
    }
}
