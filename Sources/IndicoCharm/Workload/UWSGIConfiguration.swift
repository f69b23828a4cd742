// SPDX-License-Identifier: Apache-2.0

/// Renders uWSGI's configuration.
///
/// It holds no secret: those are in `indico.conf`, read at each load of the application.
enum UWSGIConfiguration {
    static func render(_ settings: IndicoSettings, layout: WorkloadLayout, ports: WorkloadPorts) -> String {
        let workers = settings.options.workers
        return """
            # Written by the Indico charm: changes made here are lost at its next event.
            [uwsgi]
            # Plain HTTP, one request per connection. With http11-socket a worker stays on the idle connections that
            # nginx keeps, and requests wait for it: 1.3 s at worst under 40 requests a second, against 0.02 s.
            http-socket = 127.0.0.1:\(ports.uwsgi)
            pythonpath = \(layout.settings)
            module = indico_application:load()
            # Each worker, before it loads the application: no session survives the database it was made for. The
            # socket is open by then, so a database that is away makes uWSGI unready, not dead.
            exec-pre-app = \(layout.python) \(layout.workloadModule) guard-sessions </dev/null

            master = true
            processes = \(workers)
            need-app = true
            single-interpreter = true
            enable-threads = true
            thunder-lock = true
            # Each worker loads the application itself, so that workers can be replaced one at a time, on a new
            # configuration, while the others serve.
            lazy-apps = true
            touch-chain-reload = \(layout.uwsgiReloadTrigger)
            # Otherwise SIGTERM means reload, and no supervisor could stop it.
            die-on-term = true
            # Otherwise a worker that is told to end takes the interpreter apart inside its signal handler: that
            # takes seconds, or hangs on a lock until it is killed.
            skip-atexit = true
            skip-atexit-teardown = true

            # Tells when each worker was started; relative, as the path of a socket must be short.
            chdir = \(layout.home)
            stats = tmp/uwsgi-stats.sock

            # As large as it goes: nginx takes headers of 64 KiB in all.
            buffer-size = 65535
            harakiri = 900
            max-requests = 5000
            max-requests-delta = 500
            reload-on-rss = 1024
            evil-reload-on-rss = 4096

            memory-report = true
            stats-push = statsd:127.0.0.1:\(ports.statsd)
            auto-procname = true
            procname-prefix-spaced = indico
            disable-logging = true
            log-5xx = true
            # A client that went away is no error.
            ignore-sigpipe = true
            ignore-write-errors = true
            disable-write-exception = true
            umask = 027

            """
    }
}
