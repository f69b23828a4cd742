// SPDX-License-Identifier: Apache-2.0

/// Renders Indico's logging: files that are rotated under it, problems also to standard error and, where mail can be
/// sent, errors to the technical contact.
enum LoggingConfiguration {
    static func render(_ settings: IndicoSettings, layout: WorkloadLayout) -> String {
        let email = settings.mail == nil ? "" : ", email"
        let emailHandler =
            settings.mail == nil
            ? ""
            : """

              email:
                class: indico_mail.ErrorMails
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
                filters: [indico]
                formatter: default
              celery:
                class: logging.handlers.WatchedFileHandler
                filename: '\(layout.logs)/celery.log'
                filters: [celery]
                formatter: simple
              other:
                class: logging.handlers.WatchedFileHandler
                filename: '\(layout.logs)/other.log'
                filters: [other]
                formatter: simple
                level: WARNING
              stderr:
                class: logging.StreamHandler
                formatter: default
                level: \(told)\(emailHandler)
            formatters:
              default:
                format: '%(asctime)s  %(levelname)-7s  %(request_id)s  %(user_id)-6s  %(name)-25s %(message)s'
              simple:
                format: '%(asctime)s  %(levelname)-7s  %(name)-25s %(message)s'
              email:
                append_request_info: true
                format: "%(asctime)s  %(request_id)s  %(user_id)-6s  %(name)s - %(levelname)s %(filename)s:%(lineno)d -- %(message)s\\n\\n"
            filters:
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
