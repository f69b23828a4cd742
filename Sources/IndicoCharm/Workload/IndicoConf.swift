// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

/// Renders `indico.conf`: literals only, so that reading it executes nothing that came from outside.
enum IndicoConf {
    static func render(_ settings: IndicoSettings, layout: WorkloadLayout) -> String {
        let lines =
            assignments(settings, layout: layout).map { "\($0.name) = \($0.value.source)" }
            + ProcessEnvironment.lines(ProcessEnvironment.variables(settings, layout: layout))
        let heading = [
            "# Written by the Indico charm: changes made here are lost at its next event.",
            "# It holds secrets: only Indico's own user may read it.",
        ]
        return (heading + lines).joined(separator: "\n") + "\n"
    }

    private static func assignments(
        _ settings: IndicoSettings,
        layout: WorkloadLayout
    ) -> [(name: String, value: PythonLiteral)] {
        let options = settings.options
        var result: [(name: String, value: PythonLiteral)] = [
            ("BASE_URL", .string(settings.site.description)),
            ("SECRET_KEY", .string(settings.secretKey)),
            ("SQLALCHEMY_DATABASE_URI", .string(settings.database.url(layout: layout))),
            ("SQLALCHEMY_POOL_SIZE", .integer(5)),
            ("REDIS_CACHE_URL", .string(settings.cache.url(database: 0))),
            ("CELERY_BROKER", .string(settings.broker.url(database: 0))),
            // The exporter counts tasks by these events.
            (
                "CELERY_CONFIG",
                .dictionary(["worker_send_task_events": .boolean(true), "task_send_sent_event": .boolean(true)])
            ),
            ("CACHE_DIR", .string(layout.cache)),
            ("TEMP_DIR", .string(layout.temporary)),
            ("LOG_DIR", .string(layout.logs)),
            ("LOGGING_CONFIG_FILE", .string("logging.yaml")),
            ("DEFAULT_TIMEZONE", .string(options.timeZone)),
            ("DEFAULT_LOCALE", .string(options.locale)),
            ("ENABLE_ROOMBOOKING", .boolean(options.enableRoomBooking)),
            ("SUPPORT_EMAIL", .string(options.supportEmail)),
            ("PUBLIC_SUPPORT_EMAIL", .string(options.publicSupportEmail)),
            ("NO_REPLY_EMAIL", .string(options.noReplyEmail)),
            ("CUSTOMIZATION_DIR", .string(layout.customization)),
            ("CUSTOMIZATION_DEBUG", .boolean(options.customizationDebug)),
            // nginx, and nothing else, says which client and which scheme: uWSGI listens to this host alone.
            ("USE_PROXY", .boolean(true)),
        ]
        if settings.nginxSeesFiles {
            // Not all of Indico's home: its configuration must not be a header away.
            let places: KeyValuePairs<String, PythonLiteral> = [
                layout.archive: .string("/.xsf/archive"), layout.cache: .string("/.xsf/cache"),
                layout.temporary: .string("/.xsf/temporary"), layout.customization: .string("/.xsf/customization"),
                layout.environment: .string("/.xsf/environment"),
            ]
            result.append(("STATIC_FILE_METHOD", .tuple([.string("xaccelredirect"), .dictionary(places)])))
        }
        return result + AttachmentStorage.assignments(settings.external.bucket, layout: layout)
            + (settings.mail?.assignments ?? []) + SignOn.assignments(settings, layout: layout)
            + options.assignments(settings)
    }
}
