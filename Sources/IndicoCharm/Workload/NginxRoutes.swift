// SPDX-License-Identifier: Apache-2.0

/// Has nginx tell how long each kind of page takes: a line of StatsD for each request, over syslog's UDP to the
/// StatsD exporter.
///
/// Every word in it is one of a handful written here, never the client's: so there are only so many series, whatever
/// strangers ask for.
enum NginxRoutes {
    /// The kinds of pages, by what the request's path begins with; the first that fits counts.
    static let routes: [(name: String, pattern: String)] = [
        ("home", #"^/(\?|$)"#),
        ("health", "^/(ping|health)"),
        ("event-management", "^/event/[^/?]+/manage"),
        ("registration", "^/event/[^/?]+/(manage/)?registrations?"),
        ("material", "^/event/[^/?]+/(.*/)?attachments"),
        ("event", #"^/(event|e)/[^/?]+/?(\?|$)"#),
        ("event-part", "^/event/"),
        ("category", "^/category/"),
        ("sign-in", "^/(login|logout|register|reset-password)"),
        ("profile", "^/user/"),
        ("rooms", "^/rooms"),
        ("search", "^/search"),
        ("administration", "^/(admin|bootstrap|plugins)"),
        ("api", "^/(api|export|oauth|oidc)"),
        ("static", "^/(static|dist|css|images|fonts)/"),
    ]

    /// Renders what stands in nginx's `http` block.
    ///
    /// - Parameter port: The port the StatsD exporter takes syslog's packets on.
    /// - Returns: The text.
    static func render(port: Int) -> String {
        let width = routes.map(\.pattern.count).max() ?? 0
        let lines = routes.map { route in
            let padding = String(repeating: " ", count: width - route.pattern.count)
            return "        \"~\(route.pattern)\"\(padding) \(route.name);"
        }
        return """
                # How long each kind of page takes, for the StatsD exporter.
                map $request_uri $indico_route {
                    default other;
            \(lines.joined(separator: "\n"))
                }
                map $request_method $indico_method {
                    default write;
                    GET read;
                    HEAD read;
                }
                map $status $indico_status {
                    default other;
                    ~^2 2xx;
                    ~^3 3xx;
                    ~^4 4xx;
                    ~^5 5xx;
                }
                log_format statsd
                    'nginx.request:$request_time|h|#route:$indico_route,method:$indico_method,status:$indico_status';
                access_log syslog:server=127.0.0.1:\(port),nohostname,tag=nginx statsd;
            """
    }
}
