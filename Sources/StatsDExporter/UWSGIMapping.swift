// SPDX-License-Identifier: Apache-2.0

/// The mapping for what uWSGI's StatsD pusher sends.
///
/// uWSGI sends running totals as counters, all of them every few seconds, and a worker numbered 0 that is the sum of the
/// others. Summed up as counters are, the totals would grow with every repetition; here they are read as totals, and
/// the sum is left out, so that `sum(uwsgi_worker_requests_total)` is the number of requests.
package enum UWSGIMapping {
    /// The mapping file's text, the same as `charm/statsd-mapping.yaml`.
    package static let text = """
        # SPDX-License-Identifier: Apache-2.0
        #
        # What uWSGI's StatsD pusher sends, as Prometheus metrics. `cumulative` is an option of this project's
        # statsd-exporter: the value is a running total, a smaller one belongs to a worker that was started again.

        defaults:
          # A worker that is gone (cheaper mode, fewer processes) leaves after this; totals come every few seconds.
          ttl: 5m

        mappings:
          # Worker 0 is the sum of the others.
          - match: uwsgi.worker.0.*
            action: drop
            name: dropped
          # The same requests as `requests`, counted since the worker was started.
          - match: uwsgi.worker.*.delta_requests
            action: drop
            name: dropped

          - match: uwsgi.worker.*.requests
            name: uwsgi_worker_requests_total
            help: Requests a worker has answered.
            cumulative: true
            labels: {worker: $1}
          - match: uwsgi.worker.*.failed_requests
            name: uwsgi_worker_failed_requests_total
            help: Requests a worker could not hand to the application.
            cumulative: true
            labels: {worker: $1}
          - match: uwsgi.worker.*.respawns
            name: uwsgi_worker_respawns_total
            help: How often a worker was started, the first time included.
            cumulative: true
            labels: {worker: $1}
          - match: uwsgi.worker.*.total_tx
            name: uwsgi_worker_transmitted_bytes_total
            help: Bytes a worker has sent to clients.
            cumulative: true
            labels: {worker: $1}
          - match: uwsgi.worker.*.running_time
            name: uwsgi_worker_running_time_seconds_total
            help: Time a worker has spent answering requests.
            cumulative: true
            scale: 0.000001
            labels: {worker: $1}
          - match: uwsgi.worker.*.avg_response_time
            name: uwsgi_worker_average_response_time_seconds
            help: A worker's average time to answer a request, as uWSGI reckons it.
            scale: 0.000001
            labels: {worker: $1}
          - match: uwsgi.worker.*.rss_size
            name: uwsgi_worker_resident_memory_bytes
            help: Resident memory of a worker; 0 unless uWSGI runs with memory-report.
            labels: {worker: $1}
          - match: uwsgi.worker.*.vsz_size
            name: uwsgi_worker_virtual_memory_bytes
            help: Virtual memory of a worker; 0 unless uWSGI runs with memory-report.
            labels: {worker: $1}

          - match: uwsgi.worker.*.core.*.requests
            name: uwsgi_worker_core_requests_total
            help: Requests one thread of a worker has answered.
            cumulative: true
            labels: {worker: $1, core: $2}
          - match: uwsgi.worker.*.core.*.static_requests
            name: uwsgi_worker_core_static_requests_total
            help: Static files one thread of a worker has served.
            cumulative: true
            labels: {worker: $1, core: $2}
          - match: uwsgi.worker.*.core.*.routed_requests
            name: uwsgi_worker_core_routed_requests_total
            help: Requests one thread of a worker has answered by internal routing.
            cumulative: true
            labels: {worker: $1, core: $2}
          - match: uwsgi.worker.*.core.*.offloaded_requests
            name: uwsgi_worker_core_offloaded_requests_total
            help: Requests one thread of a worker has handed to an offload thread.
            cumulative: true
            labels: {worker: $1, core: $2}
          - match: uwsgi.worker.*.core.*.write_errors
            name: uwsgi_worker_core_write_errors_total
            help: Answers one thread of a worker could not send.
            cumulative: true
            labels: {worker: $1, core: $2}
          - match: uwsgi.worker.*.core.*.read_errors
            name: uwsgi_worker_core_read_errors_total
            help: Requests one thread of a worker could not read.
            cumulative: true
            labels: {worker: $1, core: $2}
          - match: uwsgi.worker.*.core.*.exceptions
            name: uwsgi_worker_core_exceptions_total
            help: Exceptions that left the application in one thread of a worker.
            cumulative: true
            labels: {worker: $1, core: $2}

          - match: uwsgi.socket.*.listen_queue
            name: uwsgi_socket_listen_queue
            help: Connections that wait for a worker.
            labels: {socket: $1}
          - match: uwsgi.core.busy_workers
            name: uwsgi_busy_workers
            help: Workers that are answering a request.
          - match: uwsgi.core.idle_workers
            name: uwsgi_idle_workers
            help: Workers that wait for a request.
          - match: uwsgi.core.avg_response_time
            name: uwsgi_average_response_time_seconds
            help: Average time to answer a request over all workers, as uWSGI reckons it.
            scale: 0.000001
          - match: uwsgi.core.total_rss
            name: uwsgi_resident_memory_bytes
            help: Resident memory of all workers; 0 unless uWSGI runs with memory-report.
          - match: uwsgi.core.total_vsz
            name: uwsgi_virtual_memory_bytes
            help: Virtual memory of all workers; 0 unless uWSGI runs with memory-report.
          - match: uwsgi.core.total_tx
            name: uwsgi_transmitted_bytes_total
            help: Bytes all workers have sent to clients.
            cumulative: true
          - match: uwsgi.core.total_running_time
            name: uwsgi_running_time_seconds_total
            help: Time all workers have spent answering requests.
            cumulative: true
            scale: 0.000001
          - match: uwsgi.core.routed_signals
            name: uwsgi_routed_signals_total
            help: uWSGI signals that reached a handler.
            cumulative: true
          - match: uwsgi.core.unrouted_signals
            name: uwsgi_unrouted_signals_total
            help: uWSGI signals that no handler took.
            cumulative: true
          - match: uwsgi.core.overloaded
            name: uwsgi_overloaded_total
            help: How often all workers were busy when a request came.
            cumulative: true

          # Sizes sent as counters; the workers' gauges say the same.
          - match: uwsgi.rss_size
            action: drop
            name: dropped
          - match: uwsgi.vsz_size
            action: drop
            name: dropped

          # What nginx sends through syslog: the time each request took. Labels are words of nginx.conf, never a client's.
          - match: nginx.request
            name: nginx_request_duration_seconds
            help: Time from the first byte of a request to the last of its answer, by kind of page.
            observer_type: histogram
            histogram_options:
              buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30]
            # Forgetting a page nobody asks for would lose what was counted; there are only so many.
            ttl: 8760h

          # What the charm and the workload module say of the operator's own work, the same way.
          - match: indico_operator.reconciles
            name: indico_operator_reconciles_total
            help: How often the charm looked at the world and did what differed, by what it came to.
            ttl: 8760h
          - match: indico_operator.reconcile_duration
            name: indico_operator_reconcile_duration_seconds
            help: Time the charm took for an event.
            observer_type: histogram
            histogram_options:
              buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1200]
            ttl: 8760h
          - match: indico_operator.session_invalidations
            name: indico_operator_session_invalidations_total
            help: How often all sessions were ended, as the database was another than the one they were made for.
            ttl: 8760h
          - match: indico_operator.migrations
            name: indico_operator_migrations_total
            help: How often the database's schema was upgraded, by how it ended.
            ttl: 8760h
          # Gauges leave when the charm has said nothing for a quarter of an hour: it speaks every five minutes.
          - match: indico_operator.*
            match_metric_type: gauge
            name: indico_operator_$1
            help: What the charm found at its last event.
            ttl: 15m

        """
}
