// SPDX-License-Identifier: Apache-2.0

/// TLS as nginx ends it itself, where no ingress does: the site over HTTPS, and over HTTP no more than the way there.
enum NginxTLS {
    /// What a browser takes that is not older than TLS 1.2: forward secrecy and authenticated encryption only.
    private static let ciphers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]

    /// The ports besides nginx's own on which plain HTTP is answered: who leaves the port out of HTTPS does so of HTTP.
    private static func plainPorts(_ settings: IndicoSettings, _ ports: WorkloadPorts) -> [Int] {
        settings.options.httpsPort == 443 ? [ports.nginx, 80] : [ports.nginx]
    }

    /// Whether nginx has to be allowed ports that otherwise only root may take.
    static func wantsLowPorts(_ settings: IndicoSettings) -> Bool {
        settings.certificate != nil && settings.options.httpsPort < 1024
    }

    /// What stands beside the servers: nothing without a certificate.
    static func common(_ settings: IndicoSettings, layout: WorkloadLayout) -> String {
        guard settings.certificate != nil else { return "" }
        return """
                ssl_certificate \(layout.nginxCertificate);
                ssl_certificate_key \(layout.nginxCertificate);
                ssl_protocols TLSv1.2 TLSv1.3;
                ssl_ciphers \(ciphers.joined(separator: ":"));
                ssl_prefer_server_ciphers off;
                ssl_session_cache shared:indico_tls:10m;
                ssl_session_timeout 1d;
                # A ticket's key would live as long as nginx.
                ssl_session_tickets off;

            """
    }

    /// Where the servers of all names but the site's listen.
    static func listenAsDefault(_ settings: IndicoSettings, ports: WorkloadPorts) -> String {
        guard settings.certificate != nil else { return "        listen \(ports.nginx) default_server;" }
        let plain = plainPorts(settings, ports).map { "        listen \($0) default_server;" }
        return (plain + ["        listen \(settings.options.httpsPort) ssl http2 default_server;"])
            .joined(separator: "\n")
    }

    /// Where the site's own server listens.
    static func listen(_ settings: IndicoSettings, ports: WorkloadPorts) -> String {
        guard settings.certificate != nil else { return "        listen \(ports.nginx);" }
        return """
                    listen \(settings.options.httpsPort) ssl http2;
                    # Plain HTTP that came to this port by mistake.
                    error_page 497 =301 \(settings.site)$request_uri;
            """
    }

    /// The server for those who come by plain HTTP; nothing without a certificate.
    static func plainServer(_ settings: IndicoSettings, layout: WorkloadLayout, ports: WorkloadPorts) -> String {
        guard settings.certificate != nil else { return "" }
        let listens = plainPorts(settings, ports).map { "        listen \($0);" }.joined(separator: "\n")
        return """

                server {
            \(listens)
                    server_name \(settings.site.host);
            \(MaintenancePage.ways(settings))
                    # An authority that asks whether the name is ours looks here.
                    location ^~ /.well-known/acme-challenge/ {
                        root \(layout.acmeChallenges);
                        default_type text/plain;
                    }
                    location / { return 301 \(settings.site)$request_uri; }
                }

            """
    }
}
