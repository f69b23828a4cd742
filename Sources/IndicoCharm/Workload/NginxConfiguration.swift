// SPDX-License-Identifier: Apache-2.0

/// Renders nginx's configuration: static files directly, attachments by its own hand where it sees them, all else to
/// uWSGI.
enum NginxConfiguration {
    /// Renders it.
    ///
    /// - Parameters:
    ///   - settings: What Indico is told.
    ///   - layout: Where everything lies.
    ///   - ports: The ports.
    ///   - upstream: The port visitors are led to; uWSGI's when nil.
    /// - Returns: The text.
    static func render(
        _ settings: IndicoSettings,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        upstream: Int? = nil
    ) -> String {
        """
        # Written by the Indico charm: changes made here are lost at its next event.
        daemon off;
        pid \(layout.nginxPID);
        error_log stderr warn;
        worker_processes auto;
        worker_rlimit_nofile 10240;
        worker_shutdown_timeout 60s;

        events {
            worker_connections 4096;
        }

        http {
        \(http(layout))
        \(NginxProtection.limits(settings.options))

        \(NginxRoutes.render(port: ports.statsdSyslog))
        \(trustedProxies(settings.options.trustedProxies))\(NginxTLS.common(settings, layout: layout))
            upstream indico {
                # An address, not a name: with a second address one slow answer would take it off for everybody.
                server 127.0.0.1:\(upstream ?? ports.uwsgi) max_fails=0;
            }

            # Whoever comes under another name is sent to the right one: Indico itself only says 404.
            server {
        \(NginxTLS.listenAsDefault(settings, ports: ports))
                server_name _;
                location = /health { access_log off; default_type text/plain; return 204; }
                location / { return 302 \(settings.site)$request_uri; }
            }

            server {
        \(NginxTLS.listen(settings, ports: ports))
                server_name \(settings.site.host);
        \(settings.maintenance == nil ? site(settings, layout: layout) : MaintenancePage.locations(settings, layout: layout))
            }
        \(NginxTLS.plainServer(settings, layout: layout, ports: ports))
            server {
                listen 127.0.0.1:\(ports.nginxStatus);
                access_log off;
                location = /stub_status { stub_status; }
                location / { return 404; }
            }
        }

        """
    }

    private static func http(_ layout: WorkloadLayout) -> String {
        """
            types {
                text/html html htm;
                text/css css;
                text/plain txt;
                text/xml xml xsl;
                application/javascript js mjs;
                application/json json map;
                image/png png;
                image/jpeg jpg jpeg;
                image/gif gif;
                image/svg+xml svg svgz;
                image/webp webp;
                image/x-icon ico cur;
                font/woff woff;
                font/woff2 woff2;
                font/ttf ttf;
                font/otf otf;
                application/vnd.ms-fontobject eot;
                application/pdf pdf;
            }
            default_type application/octet-stream;
            charset utf-8;
            charset_types text/css text/plain text/xml application/javascript application/json;
            server_tokens off;
            sendfile on;
            tcp_nopush on;
            keepalive_timeout 65s;
            server_names_hash_bucket_size 512;

            # One JSON object a line: a name a client makes up cannot look like another field.
            log_format indico escape=json '{"time":"$time_iso8601","request_id":"$request_id","client":"$remote_addr",'
                '"user":"$remote_user","method":"$request_method","uri":"$request_uri","route":"$indico_route",'
                '"status":"$status","bytes":$body_bytes_sent,"seconds":$request_time,'
                '"upstream_seconds":"$upstream_response_time","referer":"$http_referer","agent":"$http_user_agent"}';
            access_log \(layout.nginxLogs)/access.log indico;

            client_body_temp_path \(layout.nginxData)/body;
            proxy_temp_path \(layout.nginxData)/proxy;
            fastcgi_temp_path \(layout.nginxData)/fastcgi;
            uwsgi_temp_path \(layout.nginxData)/uwsgi;
            scgi_temp_path \(layout.nginxData)/scgi;

            client_header_buffer_size 4k;
            large_client_header_buffers 4 16k;

            gzip on;
            gzip_vary on;
            gzip_proxied any;
            gzip_min_length 1000;
            gzip_types text/css text/plain text/xml application/javascript application/json image/svg+xml
                application/vnd.ms-fontobject font/ttf font/otf;
            gzip_static on;
        """
    }

    private static func trustedProxies(_ networks: [String]) -> String {
        guard !networks.isEmpty else { return "" }
        let lines = networks.map { "    set_real_ip_from \($0);" }
        return (lines + ["    real_ip_header X-Forwarded-For;", "    real_ip_recursive on;", ""]).joined(
            separator: "\n"
        )
    }

    private static func site(_ settings: IndicoSettings, layout: WorkloadLayout) -> String {
        let files = settings.nginxSeesFiles ? "\n" + attachments(settings.site, layout) : ""
        let headers = NginxProtection.headers(settings.site, indent: String(repeating: " ", count: 8))
        let limits = NginxProtection.rateLimits(settings.options, indent: String(repeating: " ", count: 12))
        return headers + """

                    location = /health { access_log off; default_type text/plain; return 204; }

                    # The file's content is in its name.
                    location ~ ^/(images|fonts)(.*)/(.+?)(__v[0-9a-f]+)\\.([^.]+)$ {
                        alias \(layout.staticFiles)/$1$2/$3.$5;
                        expires max;
                        access_log off;
                    }
                    location ~ "^/dist/(.*\\.[0-9a-f]{8}\\..*)$" {
                        alias \(layout.staticFiles)/dist/$1;
                        expires max;
                        access_log off;
                    }
                    location ~ ^/(css|dist|images|fonts)/(.*)$ {
                        alias \(layout.staticFiles)/$1/$2;
                        expires 1h;
                        access_log off;
                    }
                    location = /robots.txt {
                        alias \(layout.staticFiles)/robots.txt;
                        access_log off;
                    }

                    # What the client says of itself is not believed: these come from the configured site.
                    proxy_set_header Host \(settings.site.authority);
                    proxy_set_header X-Forwarded-Host \(settings.site.authority);
                    proxy_set_header X-Forwarded-Proto \(settings.site.scheme);
                    proxy_set_header X-Forwarded-For $remote_addr;
                    proxy_set_header X-Forwarded-Port "";
                    proxy_set_header X-Forwarded-Prefix "";
                    proxy_set_header X-Request-ID $request_id;
                    # What programs behind might take for more than a client's word: addresses, another path, a proxy.
                    proxy_set_header Forwarded "";
                    proxy_set_header X-Real-IP "";
                    proxy_set_header X-Forwarded-Server "";
                    proxy_set_header X-Forwarded-Ssl "";
                    proxy_set_header X-Original-URL "";
                    proxy_set_header X-Rewrite-URL "";
                    proxy_set_header Proxy "";
                    proxy_hide_header X-Sendfile;
            \(NginxProtection.hiddenHeaders(indent: String(repeating: " ", count: 8)).dropLast())
                    proxy_redirect off;
                    proxy_read_timeout 15m;
                    proxy_send_timeout 15m;
                    proxy_buffer_size 32k;
                    proxy_buffers 32 32k;
                    proxy_busy_buffers_size 128k;
                    proxy_next_upstream off;

                    # A site without users makes whoever sends this page its administrator: not a stranger.
                    location ^~ /bootstrap {
                        allow 127.0.0.1;
                        allow ::1;
                        deny all;
                        proxy_pass http://indico;
                    }

                    location / {
            \(limits)            proxy_pass http://indico;
                    }\(files)
            """
    }

    private static func attachments(_ site: SiteURL, _ layout: WorkloadLayout) -> String {
        let headers = NginxProtection.headers(site, indent: String(repeating: " ", count: 12))
        func place(_ name: String, _ directory: String) -> String {
            """
                    location /.xsf/\(name)/ {
                        internal;
                        alias \(directory)/;
            \(headers.dropLast())
                        add_header Content-Security-Policy $upstream_http_content_security_policy;
                        gzip_static off;
                    }
            """
        }
        return [
            place("archive", layout.archive), place("cache", layout.cache), place("temporary", layout.temporary),
            place("customization", layout.customization), place("environment", layout.environment),
        ]
        .joined(separator: "\n")
    }
}
