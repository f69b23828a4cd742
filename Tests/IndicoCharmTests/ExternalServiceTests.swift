// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import PebblePlan
import Testing

@testable import IndicoCharm

/// What optional applications offer, through whole dispatches.
@Suite struct ExternalServiceTests {
    private func serving(_ relation: RelationState) throws -> IndicoWorld {
        var world = try IndicoWorld.serving()
        world.world.relations.append(relation)
        return world
    }

    private func conf(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
    }

    private static let bucket = [
        "access-key": "AKIAEXAMPLE", "secret-key": "wJalrXUtnFEMI", "bucket": "indico-bucket",
        "endpoint": "https://s3.example.com", "region": "eu-west-1", "s3-uri-style": "path",
        "tls-ca-chain": #"["-----BEGIN CERTIFICATE-----"]"#,
    ]

    @Test func `s3: attachments go to the bucket, those that are there are still read from the archive`() throws {
        var world = try serving(
            RelationState("s3", id: 30, remoteApplication: "s3", remoteApplicationData: Self.bucket)
        )
        let output = try world.run(.relationChanged(try #require(world.world[relation: "s3"]).event()))
        let text = try conf(world)
        let backend = "s3:bucket=indico-bucket,access_key=AKIAEXAMPLE,secret_key=wJalrXUtnFEMI,proxy=true"
        #expect(text.contains("'default': 'fs:/srv/indico/archive'"))
        #expect(text.contains("'s3': '\(backend),host=https://s3.example.com,addressing_style=path'"))
        #expect(text.contains("ATTACHMENT_STORAGE = 's3'"))
        #expect(text.contains("PLUGINS = {'storage_s3'}"))
        #expect(text.contains("'AWS_DEFAULT_REGION': 'eu-west-1'"))
        #expect(text.contains("'AWS_CA_BUNDLE': '/srv/indico/etc/s3-ca.pem'"))
        let authority = world.world.containers["indico"]?.text("/srv/indico/etc/s3-ca.pem")
        #expect(authority?.contains("BEGIN CERTIFICATE") == true)
        #expect(try #require(world.world[relation: "s3"]).ownApplicationData["bucket"] == "indico")
        // Workers are replaced one by one; nothing is stopped.
        #expect(!output.changes(in: "indico").contains(.stopped("indico")))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `s3 that is not done yet leaves attachments where they are`() throws {
        var world = try serving(RelationState("s3", id: 30, remoteApplication: "s3"))
        try world.run(.relationCreated(try #require(world.world[relation: "s3"]).event()))
        #expect(try conf(world).contains("ATTACHMENT_STORAGE = 'default'"))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `several units without one place for attachments are blocked, and told what to do`() throws {
        var world = try IndicoWorld()
        world.world.plannedUnits = 3
        try world.run(.configChanged)
        #expect(world.world.unitStatus?.kind == .blocked)
        #expect(
            world.world.unitStatus?.message.contains("3 units need one place for attachments: integrate s3") == true
        )

        world.world.storages = ["attachments/0": "/srv/indico/archive"]
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())

        world.world.storages = [:]
        world.world.relations.append(
            RelationState("s3", id: 30, remoteApplication: "s3", remoteApplicationData: Self.bucket)
        )
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `saml: several certificates, the redirect binding, logout with its own address`() throws {
        let site = "https://login.example.com"
        var world = try serving(
            RelationState(
                "saml",
                id: 31,
                remoteApplication: "saml-integrator",
                remoteApplicationData: [
                    "entity_id": site, "x509certs": "MIICertOne,MIICertTwo",
                    "single_sign_on_service_redirect_url": "\(site)/saml/",
                    "single_sign_on_service_redirect_binding": SAMLIdentityProvider.redirectBinding,
                    "single_sign_on_service_post_url": "\(site)/saml/post",
                    "single_sign_on_service_post_binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
                    "single_logout_service_redirect_url": "\(site)/+logout",
                    "single_logout_service_redirect_binding": SAMLIdentityProvider.redirectBinding,
                    "single_logout_service_redirect_response_url": "\(site)/+logout2",
                ]
            )
        )
        try world.run(.relationChanged(try #require(world.world[relation: "saml"]).event()))
        let text = try conf(world)
        #expect(text.contains("AUTH_PROVIDERS = {'ubuntu': {'type': 'saml', "))
        #expect(
            text.contains("'x509certMulti': {'signing': ['MIICertOne', 'MIICertTwo'], 'encryption': ['MIICertOne']}")
        )
        #expect(text.contains("'singleSignOnService': {'url': '\(site)/saml/', "))
        #expect(text.contains("'responseUrl': '\(site)/+logout2'"))
        #expect(text.contains("'entityId': 'http://127.0.0.1:8080', 'singleLogoutService': {}"))
        #expect(text.contains("'identifier_field': 'openid'"))
        #expect(text.contains("LOCAL_IDENTITIES = True"))
        #expect(world.world.unitStatus == .active())

        world.world.config["local_identities"] = .bool(false)
        world.world.config["saml_identifier"] = .string("_saml_nameid_qualified")
        world.world.config["saml_mapping"] = .string("email=mail, first_name=givenName")
        world.world.config["plugins"] = .string("saml_groups")
        try world.run(.configChanged)
        let changed = try conf(world)
        #expect(changed.contains("LOCAL_IDENTITIES = False"))
        #expect(changed.contains("'type': 'saml_groups'"))
        #expect(changed.contains("'mapping': {'first_name': 'givenName', 'email': 'mail'}"))

        try world.run(.relationBroken(try #require(world.world[relation: "saml"]).event()))
        #expect(try !conf(world).contains("AUTH_PROVIDERS"))
    }

    @Test func `http-proxy: what goes out takes the proxy, its password in no plan`() throws {
        var world = try serving(RelationState("http-proxy", id: 32, remoteApplication: "squid"))
        try world.run(.relationJoined(try #require(world.world[relation: "http-proxy"]).event(unit: 0)))
        let asked = try #require(world.world[relation: "http-proxy"]).ownApplicationData["requests"]
        #expect(asked?.contains(#""requirer":""#) == true)

        world.world.secrets.append(
            SecretState(
                id: "secret:squid",
                owner: .other(isGranted: true),
                revisions: [["username": "me", "password": "p@ss"]]
            )
        )
        world.world[relation: "http-proxy"]?.remoteApplicationData["responses"] = """
            [{"requirer": "x", "status": "ready", "http_proxy": "http://squid:3128", "user": "secret:squid"}]
            """
        try world.run(.relationChanged(try #require(world.world[relation: "http-proxy"]).event()))
        #expect(try conf(world).contains("'HTTPS_PROXY': 'http://me:p%40ss@squid:3128'"))
        #expect(try conf(world).contains("'no_proxy': '127.0.0.1,localhost'"))
        #expect(try #require(world.world[relation: "http-proxy"]).ownApplicationData["requests"] == asked)
        for layer in try #require(world.world.containers["indico"]).layers {
            #expect(!"\(layer)".contains("p%40ss"))
        }
    }

    @Test func `the model's proxies are taken where no relation gives one, and only those that are set`() throws {
        var world = try IndicoWorld()
        world.world.proxies = ProxySettings(https: "http://squid.internal:3128", none: ".svc,localhost")
        try world.run(.configChanged)
        let text = try conf(world)
        #expect(text.contains("'HTTPS_PROXY': 'http://squid.internal:3128'"))
        #expect(text.contains("'NO_PROXY': '127.0.0.1,localhost,.svc'"))
        #expect(!text.contains("'HTTP_PROXY'"))
    }

    @Test func `tracing: the receiver is handed to Indico's processes`() throws {
        var world = try serving(
            RelationState(
                "tracing",
                id: 33,
                remoteApplication: "tempo",
                remoteApplicationData: [
                    "receivers":
                        #"[{"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo:4318"}]"#
                ]
            )
        )
        try world.run(.relationChanged(try #require(world.world[relation: "tracing"]).event()))
        #expect(try #require(world.world[relation: "tracing"]).ownApplicationData == ["receivers": #"["otlp_http"]"#])
        let text = try conf(world)
        #expect(text.contains("'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://tempo:4318'"))
        #expect(text.contains("'OTEL_SERVICE_NAME': 'indico'"))
    }

    @Test func `logging: both containers' output goes to each unit of Loki, and stops going when it leaves`() throws {
        let url = "http://loki-0.loki:3100/loki/api/v1/push"
        var world = try serving(
            RelationState(
                "logging",
                id: 34,
                remoteApplication: "loki-k8s",
                remoteUnitsData: [0: ["endpoint": #"{"url": "\#(url)"}"#]]
            )
        )
        let output = try world.run(.relationChanged(try #require(world.world[relation: "logging"]).event(unit: 0)))
        for name in ["indico", "indico-nginx"] {
            let target = try #require(try world.plan(name).logTargets["loki-k8s/0"])
            #expect(target.type == .loki && target.location == url && target.services == ["all"])
            #expect(target.labels["juju_unit"] == "indico/0" && target.labels["charm"] == "indico")
            #expect(target.labels["product"] == "Juju")
        }
        // A place for logs is no reason to stop anything.
        #expect(!output.changes(in: "indico").contains(.stopped("indico")))
        #expect(!output.changes(in: "indico-nginx").contains(.stopped("nginx")))
        let told = try #require(world.world[relation: "logging"]).ownApplicationData
        #expect(told["alert_rules"] == "{}" && told["metadata"]?.contains(#""charm_name":"indico""#) == true)

        #expect(try world.run(.updateStatus).containerCalls.isEmpty)
        try world.run(.relationBroken(try #require(world.world[relation: "logging"]).event()))
        for name in ["indico", "indico-nginx"] {
            #expect(try world.plan(name).logTargets["loki-k8s/0"]?.services == ["-all"])
        }
        world.world.relations.removeAll { $0.endpoint == "logging" }
        #expect(try world.run(.updateStatus).containerCalls.isEmpty)
    }

    @Test func `db relation-joined: the leader asks for the extensions, and every unit for older servers`() throws {
        var world = try IndicoWorld()
        world.world.relations.removeAll { $0.endpoint == "database" }
        world.world.relations.append(
            RelationState("db", id: 35, remoteApplication: "postgresql", remoteUnitsData: [0: [:]])
        )
        try world.run(.relationJoined(try #require(world.world[relation: "db"]).event(unit: 0)))
        let asked = try #require(world.world[relation: "db"])
        #expect(asked.ownApplicationData == ["database": "indico", "extensions": "pg_trgm:public,unaccent:public"])
        #expect(asked.ownUnitData["extensions"] == "pg_trgm:public,unaccent:public")
        #expect(world.world.unitStatus == .waiting("waiting for db (master)"))
    }

    @Test func `db master-changed: Indico connects to the new server`() throws {
        var world = try IndicoWorld()
        world.world.relations.removeAll { $0.endpoint == "database" }
        func offer(_ host: String) -> [String: String] {
            [
                "database": "indico", "extensions": "pg_trgm:public,unaccent:public", "allowed-subnets": "192.0.2.0/24",
                "master": "dbname=indico host=\(host) password=pgpass port=5432 user=relation-1",
            ]
        }
        world.world.relations.append(
            RelationState("db", id: 35, remoteApplication: "postgresql", remoteUnitsData: [0: offer("10.1.1.5")])
        )
        let subnets = try #require(world.world[relation: "db"]).ownUnitData["egress-subnets"]
        for host in ["10.1.1.5", "10.1.1.6"] {
            var values = offer(host)
            values["allowed-subnets"] = subnets ?? values["allowed-subnets"]
            world.world[relation: "db"]?.remoteUnitsData = [UnitName(application: "postgresql", number: 0): values]
            try world.run(.relationChanged(try #require(world.world[relation: "db"]).event(unit: 0)))
            #expect(world.world.unitStatus == .active())
            #expect(try conf(world).contains("postgresql://relation-1@\(host):5432/indico?"))
        }
    }

    @Test func `smtp-legacy: the password of the databag is in Indico's file and nowhere else`() throws {
        var world = try serving(
            RelationState(
                "smtp-legacy",
                id: 36,
                remoteApplication: "smtp-integrator",
                remoteApplicationData: [
                    "host": "smtp.example.com", "port": "587", "user": "mailer", "password": "smtppass",
                    "auth_type": "plain", "transport_security": "starttls",
                ]
            )
        )
        try world.run(.relationChanged(try #require(world.world[relation: "smtp-legacy"]).event()))
        #expect(try conf(world).contains("SMTP_PASSWORD = 'smtppass'"))
        let relation = try #require(world.world[relation: "smtp-legacy"])
        #expect(relation.ownApplicationData.isEmpty)
        #expect(!relation.ownUnitData.values.contains { $0.contains("smtppass") })

        try world.run(.relationBroken(relation.event()))
        #expect(try !conf(world).contains("SMTP_SERVER"))
    }

    @Test func `grafana-dashboard: the dashboards are told once and not again`() throws {
        var world = try serving(RelationState("grafana-dashboard", id: 37, remoteApplication: "grafana"))
        try world.run(.relationCreated(try #require(world.world[relation: "grafana-dashboard"]).event()))
        let told = try #require(world.world[relation: "grafana-dashboard"]).ownApplicationData["dashboards"]
        #expect(told?.contains(#""file:site":{"#) == true)
        let output = try world.run(.configChanged)
        #expect(!output.toolCalls.contains { $0.tool == .relationSet })
    }

    @Test
    func `external plugins are installed once, before a configuration that enables them, and taken up by a reload`()
        throws
    {
        var world = try IndicoWorld.serving()
        world.world.config["external_plugins"] = .string("indico-plugin-foo==1.2, git+https://t@g.example.com/x")
        world.world.config["plugins"] = .string("foo")
        let output = try world.run(.configChanged)
        let commands = output.commands(in: "indico")
        #expect(commands.compactMap(\.words.last) == ["install-plugins", "check-config", "reload"])
        let request = String(decoding: try #require(commands.first).input, as: UTF8.self)
        #expect(request.contains(#""indico-plugin-foo==1.2","git+https://t@g.example.com/x""#))
        #expect(!output.changes(in: "indico").contains(.stopped("indico")))
        #expect(world.world.unitStatus == .active())
        #expect(try world.run(.configChanged).containerCalls.isEmpty)
        let mark = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/external-plugins"))
        #expect(!mark.contains("t@g"))
    }

    @Test func `packages pip cannot install block, are named, and the site serves as it was`() throws {
        var world = try IndicoWorld.serving()
        let before = try conf(world)
        world.world.config["external_plugins"] = .string("nonsense")
        world.world.config["plugins"] = .string("nonsense")
        world.workload.change { $0.failingVerbs["install-plugins"] = "install-failed" }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .blocked("external_plugins: it says install-failed"))
        #expect(try conf(world) == before)
        #expect(world.running("indico"))
    }

    @Test func `what nobody is related to costs nothing`() throws {
        var world = try IndicoWorld.serving()
        let output = try world.run(.updateStatus)
        let asked = output.toolCalls.filter { $0.tool == .relationIDs }.count
        // The three that are required, and the peers.
        #expect(asked == 4)
    }
}
