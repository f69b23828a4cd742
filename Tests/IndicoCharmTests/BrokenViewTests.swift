// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// Views broken in every way a databag or an option can be: missing, empty, huge, of another kind, hostile.
///
/// Drawn from a seed, so that a failure comes again.
@Suite struct BrokenViewTests {
    static let texts = [
        "", " ", "\0", "\n", "a\nb", "'", "\"", "\\", "$host", "%(x)s", "{", "[]", "[{}]", "[[[[", "null", "{}", "#",
        "é",
        "\u{202E}", "\u{1F986}", "-1", "0", "65536", "99999999999999999999", "1e999", "NaN", "true", "True", "http://",
        "https://a;b", "http://[", "http://a b", "http://user@h", "../../etc/passwd", "secret:", "secret:nope",
        "secret:hostile", "a,b", "host:1,host:2", ":", "::", "[::1]:5432", "x'; import os; os.system('id') #",
        "; include /etc/passwd;", "MII,", "urn:x", #"{"url": 3}"#, #"[{"protocol": {"name": 1}}]"#,
        #"[{"requirer": "x", "status": "ready"}]"#, #"{"HELP_URL": []}"#, #"{"SECRET_KEY": "x"}"#,
        String(repeating: "A", count: 80_000), String(repeating: "[", count: 5_000),
    ]

    /// By endpoint, the keys that are read there.
    static let keys: [String: [String]] = [
        "database": [
            "endpoints", "database", "username", "password", "tls", "tls-ca", "secret-user", "secret-tls", "status",
            "subordinated",
        ],
        "redis-broker": ["leader-host", "secret-user"],
        "redis-cache": ["leader-host", "secret-user"],
        "smtp": ["host", "port", "auth_type", "transport_security", "user", "password", "password_id", "recipients"],
        "smtp-legacy": ["host", "port", "auth_type", "transport_security", "user", "password", "skip_ssl_verify"],
        "s3": ["access-key", "secret-key", "bucket", "endpoint", "region", "path", "s3-uri-style", "tls-ca-chain"],
        "saml": [
            "entity_id", "x509certs", "metadata_url", "single_sign_on_service_redirect_url",
            "single_sign_on_service_redirect_binding", "single_sign_on_service_post_url", "_redirect_url",
            "single_logout_service_redirect_response_url",
        ],
        "oauth": ["issuer_url", "scope", "client_id", "client_secret_id", "ca_chain", "jwks_endpoint"],
        "ingress": ["ingress"],
        "tracing": ["receivers"],
        "http-proxy": ["responses"],
        "db": ["master", "database", "extensions", "allowed-subnets", "roles"],
    ]

    static let options = [
        "site_url", "workers", "celery_workers", "trusted_proxies", "indico_support_email", "indico_no_reply_email",
        "indico_public_support_email", "default_timezone", "default_locale", "customization_sources_url",
        "enable_roombooking", "customization_debug", "max_upload_size", "plugins", "external_plugins", "extra_settings",
        "log_level", "local_identities", "saml_identifier", "saml_mapping", "login_rate_limit", "api_rate_limit",
        "abandon_s3_files",
    ]

    private struct Drawing {
        var random: SplitMix
        /// Whether empty values are drawn, too.
        var keepsEmpty = true

        mutating func one<Element>(of values: [Element]) -> Element { values[below(values.count)] }
        mutating func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

        mutating func databag(_ endpoint: String) -> RemoteDatabags {
            var values: [String: String] = [:]
            for key in BrokenViewTests.keys[endpoint] ?? [] where below(4) > 0 {
                values[key] = one(of: BrokenViewTests.texts)
            }
            let unit = UnitName(application: "other", number: below(3))
            let said = ["hostname", "port", "endpoint", "master"].map { ($0, one(of: BrokenViewTests.texts)) }
            // Juju keeps no empty value; a reader may still be handed one.
            if !keepsEmpty { values = values.filter { !$0.value.isEmpty } }
            return RemoteDatabags(
                application: values,
                units: [unit: Dictionary(uniqueKeysWithValues: said.filter { keepsEmpty || !$0.1.isEmpty })]
            )
        }

        mutating func secret() -> SecretReading {
            switch below(4) {
            case 0: .waiting("access to it")
            case 1: .invalid("no")
            case 2: .content([one(of: ["password", "username", "secret", "x"]): one(of: BrokenViewTests.texts)])
            default: .content(["password": one(of: BrokenViewTests.texts), "username": one(of: BrokenViewTests.texts)])
            }
        }

        mutating func option() -> JSONValue {
            switch below(8) {
            case 0: .null
            case 1: .bool(true)
            case 2: .integer(Int64(bitPattern: random.next()))
            case 3: .number(.infinity)
            case 4: .array([.string("a")])
            case 5: .object(["a": .null])
            default: .string(one(of: BrokenViewTests.texts))
            }
        }
    }

    /// Breaks a view; what others wrote goes through the readers of the interfaces, as in a dispatch.
    private func breaking(_ view: inout View, _ draw: inout Drawing) throws {
        for name in Self.options where draw.below(60) == 0 { view.options[name] = draw.option() }
        if draw.below(8) == 0 {
            let secret = draw.secret()
            view.database = try PostgreSQLClient.read(draw.databag("database")) { _ in secret }
        }
        if draw.below(4) == 0 {
            let secret = draw.secret()
            view.mail = try SMTP.read(draw.databag("smtp")) { _ in secret }
        }
        var external = view.surroundings.external
        if draw.below(8) == 0 { external.files = S3.read(draw.databag("s3")) }
        if draw.below(8) == 0 { external.identities = SAML.read(draw.databag("saml")) }
        if draw.below(8) == 0 { external.traces = Tracing.read(draw.databag("tracing")) }
        if draw.below(8) == 0 { external.logs = LokiPush.read(draw.databag("logging")) }
        if draw.below(8) == 0 {
            let secret = draw.secret()
            external.proxy = try HTTPProxy.read(draw.databag("http-proxy")) { _ in secret }
        }
        if draw.below(8) == 0 { external.modelProxies = ProxySettings(http: draw.one(of: Self.texts)) }
        if draw.below(8) == 0 { external.plannedUnits = draw.below(5) }
        view.surroundings.external = external
        if draw.below(4) == 0 { view.surroundings.hasRoute = true }
        if draw.below(8) == 0 { view.application = draw.one(of: Self.texts) }
        if draw.below(8) == 0 {
            var state = IndicoPeerState(secretKey: draw.one(of: Self.texts))
            state.pausedFor = draw.below(2) == 0 ? nil : draw.one(of: Self.texts)
            state.keepsFilesInBucket = draw.below(2) == 0
            view.peers = .ready(Peers(state: state))
        }
        if draw.below(10) == 0 { view.nginx.isReachable = false }
    }

    @Test func `thousands of broken views are each decided, and what is refused is named`() throws {
        var draw = Drawing(random: SplitMix(state: 5))
        var (decided, refused) = (0, 0)
        let culprits = Self.options + Self.keys.keys + ["logging", "units need", "the peer relation", "Pebble in"]
        for _ in 0..<2000 {
            var view = try sampleView()
            try breaking(&view, &draw)
            let decision = decide(view)
            #expect((decision.obstacle == nil) == (decision.workload != nil))
            switch decision.obstacle {
            case nil: decided += 1
            case .blocked(let message)?, .waiting(let message)?:
                refused += 1
                #expect(culprits.contains { message.contains($0) }, "\(message.prefix(200))")
                #expect(decision.obstacle?.status.message.contains(where: \.isNewline) == false)
            }
            try expectWellFormed(decision)
        }
        // Neither all let through nor all refused: both ways were gone.
        #expect(decided > 100 && refused > 100, "\(decided) decided, \(refused) refused")
    }

    /// Nothing that came from outside stands in a file as more than a value.
    private func expectWellFormed(_ decision: Decision) throws {
        guard let workload = decision.workload else { return }
        for file in workload.nginx.files {
            #expect(!file.content.contains("include ") && !file.content.contains("\0"))
        }
        for file in workload.indico.files where file.path.hasSuffix("/indico.conf") {
            let lines = file.content.split(separator: "\n", omittingEmptySubsequences: true)
            // Where the logging module lies: the file's own directory, which nobody outside has a say in.
            let place = "'\(file.path.dropLast("/indico.conf".count))'"
            let path = ["import sys as _sys", "if \(place) not in _sys.path: _sys.path.append(\(place))"]
            for line in lines where !line.hasPrefix("#") && !path.contains(String(line)) {
                let name = line.prefix { $0 != " " }
                #expect(
                    name.allSatisfy { $0.isUppercase || $0 == "_" } || line == "import os as _os"
                        || line.hasPrefix("_os.environ.update({"),
                    "\(line.prefix(100))"
                )
            }
        }
    }

    @Test func `hundreds of broken worlds go through a whole dispatch, and what serves is left alone`() throws {
        var draw = Drawing(random: SplitMix(state: 11), keepsEmpty: false)
        let good = try IndicoWorld.serving()
        var seen: Set<Status.Kind> = []
        for number in 0..<200 {
            var world = good
            world.world.secrets.append(
                SecretState(
                    id: "secret:hostile",
                    owner: .other(isGranted: draw.below(2) == 0),
                    revisions: [[draw.one(of: ["password", "secret"]): "x" + draw.one(of: Self.texts)]]
                )
            )
            for endpoint in Self.keys.keys.sorted() where draw.below(8) == 0 {
                let databags = draw.databag(endpoint)
                guard world.world[relation: endpoint] != nil else {
                    world.world.relations.append(
                        RelationState(
                            endpoint,
                            id: 100 + number,
                            remoteApplication: "other",
                            remoteApplicationData: databags.application,
                            remoteUnitsData: [0: databags.units.first?.value ?? [:]]
                        )
                    )
                    break
                }
                world.world[relation: endpoint]?.remoteApplicationData.merge(databags.application) { $1 }
            }
            for name in Self.options where draw.below(60) == 0 {
                if case .string(let text) = draw.option(), Self.isText(name) {
                    world.world.config[name] = .string(text)
                }
            }
            let output = try world.run(draw.one(of: [.updateStatus, .configChanged, .leaderElected]))
            #expect(output.error == nil)
            let status = try #require(world.world.unitStatus)
            seen.insert(status.kind)
            #expect(status.kind == .active || !status.message.isEmpty)
            #expect(!status.message.contains(where: \.isNewline) && status.message.count <= 300)
            #expect(world.running("indico") && world.running("nginx"), "\(status)")
            if status.kind != .active {
                let stopped = output.changes(in: "indico").contains(.stopped("indico"))
                #expect(!stopped, "\(status)")
            }
        }
        #expect(seen.contains(.active) && seen.contains(.blocked))
    }

    /// Juju itself keeps the kind of an option.
    private static func isText(_ option: String) -> Bool {
        ![
            "workers", "celery_workers", "enable_roombooking", "customization_debug", "max_upload_size",
            "local_identities", "login_rate_limit", "api_rate_limit", "abandon_s3_files",
        ].contains(option)
    }
}
