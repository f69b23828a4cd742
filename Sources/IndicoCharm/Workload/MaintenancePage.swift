// SPDX-License-Identifier: Apache-2.0

/// What visitors see while the site is paused.
enum MaintenancePage {
    /// What they are told when nothing else was said.
    static let usual = "This site is being worked on and will be back shortly."

    /// The locations of nginx's server while the site is paused: the page for everybody, with a status that tells
    /// programs to come again.
    static func locations(_ settings: IndicoSettings, layout: WorkloadLayout) -> String {
        """
        \(ways(settings))
                    location = /maintenance.html {
                        internal;
                        alias \(layout.maintenancePage);
                        default_type text/html;
                        add_header Retry-After 120 always;
                        add_header Cache-Control no-store always;
                    }
                    error_page 503 /maintenance.html;
                    location / { return 503; }
        """
    }

    /// The checks' ways, which stay open: nobody is led to a unit that is not ready, and none would see the page.
    static func ways(_ settings: IndicoSettings) -> String {
        """
                    location = /health { access_log off; default_type text/plain; return 204; }
                    location = /ping {
                        proxy_set_header Host \(settings.site.authority);
                        proxy_set_header X-Forwarded-Proto \(settings.site.scheme);
                        proxy_pass http://indico;
                    }
        """
    }

    /// The page; it needs nothing else of the site.
    static func html(_ message: String?) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>Back shortly</title>
        <style>
        body { font: 1.1rem/1.5 sans-serif; color: #333; background: #f5f5f5; margin: 0; }
        main { max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem; }
        h1 { font-size: 1.6rem; font-weight: 400; color: #0b63a5; }
        </style>
        </head>
        <body><main><h1>Back shortly</h1><p>\(escaped(message ?? usual))</p></main></body>
        </html>

        """
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
