// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// What the nginx in front is configured to do: the routes the charm asks for, and the pods that are ready for them.
///
/// It is what an ingress controller makes of the relation `nginx-route` and of the endpoints of a service.
package struct FrontConfiguration: Sendable, Equatable {
    /// A route as the charm's leader published it.
    package struct Route: Sendable, Equatable {
        package var hostname: String
        package var port: Int
        /// The largest body of a request in megabytes, 0 for any.
        package var maximumBody: Int
        /// The addresses of the pods that may get requests.
        package var addresses: [String]
    }

    package var routes: [Route]

    package init(routes: [Route]) { self.routes = routes }

    package static let endpoint = "nginx-route"
    package static let provider = "nginx-ingress-integrator"
    /// Where it listens in its pod.
    package static let port: UInt16 = 8080

    /// Reads what the leader asked for; what is not a host's name or a port is not a route.
    package init(_ state: ApplicationState, addresses: [String]) {
        routes = state.relations.filter { $0.endpoint == Self.endpoint }.compactMap { relation in
            guard let hostname = relation.databag["service-hostname"], Self.isHostname(hostname),
                let port = relation.databag["service-port"].flatMap({ UInt16($0) }), port > 0
            else { return nil }
            return Route(
                hostname: hostname,
                port: Int(port),
                maximumBody: relation.databag["max-body-size"].flatMap { Int($0) }.map { max(0, $0) } ?? 20,
                addresses: addresses.sorted()
            )
        }
    }

    /// Chooses who gets visitors: the units that serve; when none does, those that were asked last.
    ///
    /// Units that are all too slow to answer a probe still answer visitors, late, and a site that is paused shows its own
    /// page. With nobody to ask there would only be an error.
    package static func addresses(of staying: [(address: String, isServing: Bool)], last: [String]) -> [String] {
        let serving = staying.filter(\.isServing).map(\.address)
        return serving.isEmpty ? staying.map(\.address).filter(last.contains) : serving
    }

    private static func isHostname(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count < 254
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The layer of the front's Pebble.
    static let layer = """
        summary: where visitors come in
        services:
          nginx:
            override: replace
            summary: leads visitors to the units that are ready
            command: /usr/sbin/nginx -e stderr -p /var/lib/nginx -c /etc/front/nginx.conf
            startup: enabled
            kill-delay: 10s

        """

    /// nginx's configuration.
    package var text: String {
        """
        # Written by the controller of the pods from what the charm published; changes are overwritten.
        worker_processes 2;
        daemon off;
        pid /var/lib/nginx/front.pid;
        events { worker_connections 2048; }
        http {
            access_log off;
            client_body_temp_path /var/lib/nginx/body;
            proxy_temp_path /var/lib/nginx/proxy;
            fastcgi_temp_path /var/lib/nginx/fastcgi;
            uwsgi_temp_path /var/lib/nginx/uwsgi;
            scgi_temp_path /var/lib/nginx/scgi;
            server {
                listen \(Self.port) default_server;
                location = /-/front { return 200 "front\\n"; }
                location / { return 404; }
            }
        \(routes.enumerated().map { Self.text($0.element, number: $0.offset) }.joined())}

        """
    }

    private static func text(_ route: Route, number: Int) -> String {
        guard !route.addresses.isEmpty else {
            return """
                    server {
                        listen \(port);
                        server_name \(route.hostname);
                        location / { return 503; }
                    }

                """
        }
        // A unit that does not answer is left out for a moment, and whoever asked it is led to another.
        let servers = route.addresses.map { "        server \($0):\(route.port) max_fails=1 fail_timeout=2s;\n" }
        return """
                upstream indico\(number) {
            \(servers.joined())        keepalive 16;
                }
                server {
                    listen \(port);
                    server_name \(route.hostname);
                    client_max_body_size \(route.maximumBody)m;
                    location / {
                        proxy_pass http://indico\(number);
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                        proxy_set_header X-Real-IP $remote_addr;
                        proxy_set_header X-Forwarded-For $remote_addr;
                        proxy_set_header X-Forwarded-Host $http_host;
                        proxy_set_header X-Forwarded-Proto $scheme;
                        proxy_connect_timeout 2s;
                        proxy_next_upstream error timeout;
                        proxy_request_buffering on;
                    }
                }

            """
    }
}
