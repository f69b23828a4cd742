// SPDX-License-Identifier: Apache-2.0

/// What nginx keeps from visitors, and visitors from nginx: headers, sizes, times and rates.
enum NginxProtection {
    /// What is more than a body of the largest upload: the rest of its form.
    private static let formAllowance = 10

    /// The limits that hold for all of nginx.
    static func limits(_ options: CharmOptions) -> String {
        """
            # Indico has limits of its own for uploads; this one is there to end what is larger at once.
            client_max_body_size \(options.uploadLimit == 0 ? "0" : "\(options.uploadLimit + formAllowance)m");
            client_header_timeout 15s;
            client_body_timeout 60s;
            send_timeout 60s;
            reset_timedout_connection on;
        \(rates(options))
        """
    }

    /// The rates at which one address may ask for what is dear or worth guessing at; nothing where none are limited.
    private static func rates(_ options: CharmOptions) -> String {
        var lines: [String] = []
        // What has an empty key is not counted.
        if options.logInRate > 0 {
            lines += [
                "    map \"$request_method $uri\" $indico_log_in {",
                "        default \"\";",
                "        \"~^POST /(login|register|reset-password)(/|$)\" $binary_remote_addr;",
                "    }",
                "    limit_req_zone $indico_log_in zone=indico_log_in:4m rate=\(options.logInRate)r/m;",
            ]
        }
        if options.apiRate > 0 {
            lines += [
                "    map $uri $indico_api {",
                "        default \"\";",
                "        \"~^/(api|export)/\" $binary_remote_addr;",
                "    }",
                "    limit_req_zone $indico_api zone=indico_api:4m rate=\(options.apiRate)r/m;",
            ]
        }
        if !lines.isEmpty {
            lines += ["    limit_req_status 429;", "    limit_req_log_level warn;"]
        }
        return lines.joined(separator: "\n")
    }

    /// The rates where Indico answers: a minute's worth at once, then as fast as it comes back.
    static func rateLimits(_ options: CharmOptions, indent: String) -> String {
        [("indico_log_in", options.logInRate), ("indico_api", options.apiRate)].filter { $0.1 > 0 }
            .map { "\(indent)limit_req zone=\($0.0)\($0.1 > 1 ? " burst=\($0.1 - 1) nodelay" : "");\n" }.joined()
    }

    /// What browsers are told to keep to, with each answer.
    ///
    /// Whether a page may stand in a frame is for Indico to say: it forbids it where a click would do harm, and meetings'
    /// pages are shown in others' sites on purpose.
    ///
    /// A place of nginx's configuration with a header of its own inherits none, so it needs them again.
    static func headers(_ site: SiteURL, indent: String) -> String {
        var headers = [
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ]
        // Browsers keep the port when they turn http into https: with one of its own, http://HOST:8080 would be lost.
        if site.scheme == "https", site.port == nil {
            headers.append(("Strict-Transport-Security", "max-age=31536000"))
        }
        return headers.map { "\(indent)add_header \($0.0) \"\($0.1)\" always;\n" }.joined()
    }

    /// What Indico says of the same is said by nginx alone, or it would stand there twice; what it forbids stays
    /// forbidden.
    static func hiddenHeaders(indent: String) -> String {
        ["X-Content-Type-Options", "Referrer-Policy", "Server", "X-Powered-By"]
            .map { "\(indent)proxy_hide_header \($0);\n" }.joined()
    }
}
