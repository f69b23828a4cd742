// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

/// The stand-in for uWSGI: a second one that serves visitors while the first starts all of its workers anew.
enum StandInConfiguration {
    /// The layer and the service; it is started and stopped by hand and never by itself.
    static let name = "indico-stand-in"

    /// It serves for half a minute: that many workers do for most sites, and memory is dear meanwhile.
    private static let mostWorkers = 4

    static func layer(layout: WorkloadLayout, account: ServiceAccount?) -> Layer {
        var service = ServiceBuilder(account: account, directory: layout.home).service(
            name,
            summary: "Indico in uWSGI, while the other one starts anew",
            [layout.uwsgi, "--ini", layout.standInConfiguration]
        )
        service.startup = .disabled
        service.environment = IndicoLayer.environment(layout)
        // It ends its requests first.
        service.killDelay = .seconds(60)
        // One that does not start is done without.
        service.onFailure = .ignore
        service.onSuccess = .ignore
        var layer = Layer(label: name)
        layer.summary = "Stands in for uWSGI"
        layer.services = [name: service]
        return layer
    }

    /// Renders its configuration: what visitors notice is as in ``UWSGIConfiguration``, what observers see is left out.
    static func render(_ settings: IndicoSettings, layout: WorkloadLayout, ports: WorkloadPorts) -> String {
        """
        # Written by the Indico charm: changes made here are lost at its next event.
        [uwsgi]
        http-socket = 127.0.0.1:\(ports.uwsgiStandIn)
        pythonpath = \(layout.settings)
        module = indico_application:load()
        exec-pre-app = \(layout.python) \(layout.workloadModule) guard-sessions </dev/null

        master = true
        processes = \(min(settings.options.workers, mostWorkers))
        need-app = true
        single-interpreter = true
        enable-threads = true
        thunder-lock = true
        # Requests under way are answered before it ends.
        hook-master-start = unix_signal:15 gracefully_kill_them_all
        skip-atexit = true
        skip-atexit-teardown = true

        chdir = \(layout.home)
        buffer-size = 65535
        harakiri = 900
        auto-procname = true
        procname-prefix-spaced = indico-stand-in
        disable-logging = true
        log-5xx = true
        ignore-sigpipe = true
        ignore-write-errors = true
        disable-write-exception = true
        umask = 027

        """
    }
}
