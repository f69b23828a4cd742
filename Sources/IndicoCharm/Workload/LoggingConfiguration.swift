// SPDX-License-Identifier: Apache-2.0

/// Renders Indico's logging: files that are rotated under it, problems also to standard error and, where mail can be
/// sent, errors to the technical contact.
///
/// Lines are JSON and name the request they belong to: `indico_logging.py`.
enum LoggingConfiguration {
    static func render(_ settings: IndicoSettings, layout: WorkloadLayout) -> String {
        let email = settings.mail == nil ? "" : ", email"
        let emailHandler =
            settings.mail == nil
            ? ""
            : """

              email:
                class: indico_mail.ErrorMails
                filters: [request]
                formatter: email
                level: ERROR
            """
        let level = settings.options.logLevel.rawValue.uppercased()
        // What Loki gets is what goes to standard error.
        let told = settings.external.logs.isEmpty ? "WARNING" : level
        // WatchedFileHandler opens its file anew when it was rotated away: no process must be told.
        return """
            # Written by the Indico charm: changes made here are lost at its next event.
            version: 1
            root:
              level: \(level)
              handlers: [other]
            loggers:
              indico:
                handlers: [indico, stderr\(email)]
              celery:
                handlers: [celery, stderr\(email)]
            handlers:
              indico:
                class: logging.handlers.WatchedFileHandler
                filename: '\(layout.logs)/indico.log'
                filters: [indico, request]
                formatter: json
              celery:
                class: logging.handlers.WatchedFileHandler
                filename: '\(layout.logs)/celery.log'
                filters: [celery, request]
                formatter: json
              other:
                class: logging.handlers.WatchedFileHandler
                filename: '\(layout.logs)/other.log'
                filters: [other, request]
                formatter: json
                level: WARNING
              stderr:
                class: logging.StreamHandler
                filters: [request]
                formatter: json
                level: \(told)\(emailHandler)
            formatters:
              json:
                (): indico_logging.JSONFormatter
              email:
                append_request_info: true
                format: "%(asctime)s  %(request_id)s  %(user_id)-6s  %(name)s - %(levelname)s %(filename)s:%(lineno)d -- %(message)s\\n\\n"
            filters:
              request:
                (): indico_logging.RequestFilter
              indico:
                name: indico
              celery:
                name: celery
              other:
                (): indico.core.logger.BlacklistFilter
                names: [indico, celery]

            """
    }
}
