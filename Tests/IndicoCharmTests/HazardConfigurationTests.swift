// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import FoundationEssentials
import PebbleAPI
import Testing

@testable import IndicoCharm

/// Where the existing charm tells Indico something wrong, by the numbers of `docs/reference/hazards.md`.
@Suite struct HazardConfigurationTests {
    private func conf(_ change: (inout IndicoSettings) throws -> Void = { _ in }) throws -> String {
        var settings = try sampleSettings()
        try change(&settings)
        return IndicoConf.render(settings, layout: .image)
    }

    @Test func `H50: what is off is off`() throws {
        let text = try conf { $0.mail?.security = .none }
        #expect(text.contains("ENABLE_ROOMBOOKING = False") && text.contains("SMTP_USE_TLS = False"))
        #expect(!text.contains("'False'") && !text.contains("'None'") && !text.contains("null"))
        #expect(try conf { $0.site = try SiteURL("https://h") }.contains("BASE_URL = 'https://h'"))
    }

    @Test func `H51: customization_debug has an effect`() throws {
        #expect(try conf { $0.options.customizationDebug = true }.contains("CUSTOMIZATION_DEBUG = True"))
    }

    @Test(arguments: [
        (SMTPServer.TransportSecurity.none, 25, false, nil as String?), (.none, 465, true, nil),
        (.starttls, 587, false, "StartTLS"), (.starttls, 465, true, "UnverifiedStartTLS"),
        (.tls, 465, false, "ImplicitTLS"), (.tls, 2465, true, "UnverifiedImplicitTLS"),
        // As the existing charm has it.
        (.tls, 587, false, "StartTLS"), (.tls, 25, false, "StartTLS"),
    ])
    func `H52: each kind of protection of mail is its own`(
        security: SMTPServer.TransportSecurity,
        port: Int,
        skipsVerification: Bool,
        backend: String?
    ) throws {
        let text = try conf {
            $0.mail?.endpoint = try #require(NetworkEndpoint(host: "mail.example.com", port: port))
            $0.mail?.security = security
            $0.mail?.skipsCertificateVerification = skipsVerification
        }
        #expect(text.contains("SMTP_SERVER = ('mail.example.com', \(port), )"))
        #expect(text.contains("SMTP_USE_TLS = \(security == .none ? "False" : "True")"))
        #expect(text.contains("EMAIL_BACKEND") == (backend != nil))
        if let backend { #expect(text.contains("EMAIL_BACKEND = 'indico_mail.\(backend)'")) }
    }

    @Test func `H52: the sender a mail server insists on is on the envelope`() throws {
        #expect(try !conf().contains("SMTP_SENDER_FALLBACK"))
        let one = try conf { $0.mail?.sender = "events@example.com" }
        #expect(one.contains("SMTP_SENDER_FALLBACK = 'events@example.com'"))
        #expect(one.contains("SMTP_ALLOWED_SENDERS = {'events@example.com'}"))
        let all = try conf {
            $0.mail?.sender = "events@example.com"
            $0.mail?.domain = "example.com"
        }
        #expect(all.contains("SMTP_ALLOWED_SENDERS = {'*@example.com'}"))
    }

    @Test func `H53 H54: all certificates, the redirect binding, the key python3-saml reads`() throws {
        let post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
        let provider = SAMLIdentityProvider(
            entityID: "https://i'dp",
            certificates: ["A", "B"],
            endpoints: [
                .init(service: SAMLIdentityProvider.signOn, url: "https://idp/post", binding: post),
                .init(
                    service: SAMLIdentityProvider.signOn,
                    url: "https://idp/redirect",
                    binding: SAMLIdentityProvider.redirectBinding
                ),
                .init(
                    service: SAMLIdentityProvider.logout,
                    url: "https://idp/out",
                    binding: SAMLIdentityProvider.redirectBinding,
                    responseURL: "https://idp/out2"
                ),
            ]
        )
        let text = try conf { $0.external.identities = provider }
        #expect(text.contains(#"'entityId': 'https://i\'dp'"#))
        #expect(text.contains("'signing': ['A', 'B']"))
        #expect(text.contains("'url': 'https://idp/redirect'") && !text.contains("https://idp/post"))
        #expect(text.contains("'responseUrl': 'https://idp/out2'"))
        #expect(text.contains("LOCAL_IDENTITIES = True"))
        #expect(text.contains("'sp': {'entityId': 'https://indico.example.com'"))
    }

    @Test func `H55: proxies are there without SAML, in both spellings, and only those that are set`() throws {
        let proxies = try #require(ProxyVariables(relation: nil, model: ProxySettings(https: "http://squid:3128")))
        let text = try conf { $0.external.proxy = proxies }
        #expect(text.contains("'HTTPS_PROXY': 'http://squid:3128'") && text.contains("'https_proxy': "))
        #expect(!text.contains("'http_proxy'") && !text.contains("None'"))
        #expect(ProxyVariables(relation: nil, model: ProxySettings()) == nil)
    }

    @Test func `H56: what is said of the site, the bucket and the database is used or refused`() throws {
        #expect(throws: SiteURLError.self) { try SiteURL("https://h/indico") }
        #expect(throws: SiteURLError.self) { try SiteURL("ftp://h") }
        let bucket = S3Bucket(
            name: "b",
            accessKey: "a",
            secretKey: "s",
            region: "eu-west-1",
            addressing: .host,
            certificateChain: ["PEM"]
        )
        let text = try conf {
            $0.external.bucket = bucket
            $0.database.usesTLS = true
        }
        #expect(text.contains("addressing_style=virtual") && text.contains("'AWS_DEFAULT_REGION': 'eu-west-1'"))
        #expect(text.contains("'AWS_CA_BUNDLE'") && text.contains("sslmode=require"))
    }

    @Test func `H57: packages are told apart whatever space is around them, and none can be an option`() {
        func read(_ text: String) -> ([String], [String]) {
            let parsed = CharmOptions.parse(["external_plugins": .string(text)], application: "indico")
            return (parsed.options.externalPlugins, parsed.problems)
        }
        #expect(read(" a==1 ,, git+https://g/x#subdirectory=y ") == (["a==1", "git+https://g/x#subdirectory=y"], []))
        for text in ["--index-url=http://evil", "a, -r/etc/passwd", "a b"] {
            #expect(read(text).1.count == 1, "\(text)")
        }
    }

    @Test func `H58: what an action could not do is a failure`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string("https://git.example.com/c.git")
        world.workload.change { $0.failingVerbs["reload"] = "reload-timeout" }
        let output = try world.run(.action(ActionEvent(name: "refresh-external-resources", id: "1")))
        #expect(output.action?.failure == "cannot refresh: it says reload-timeout")
    }

    @Test func `H59: what became of each address is told, and one request has an end`() throws {
        var world = try IndicoWorld.serving()
        world.world.actionParameters = ["email": .string("a@example.com,b@example.com")]
        let output = try world.run(.action(ActionEvent(name: "anonymize-user", id: "1")))
        #expect(output.action?.results["output"] == "a@example.com: anonymized\nb@example.com: not-found")
        // One command for all of them.
        #expect(output.commands(in: "indico").count == 1)
    }

    @Test func `H60: the route is asked for at any event, for uploads of any size`() throws {
        var world = try IndicoWorld.serving()
        world.world.relations.append(RelationState("nginx-route", id: 20, remoteApplication: "nginx-ingress"))
        try world.run(.updateStatus)
        #expect(try #require(world.world[relation: "nginx-route"]).ownApplicationData["max-body-size"] == "0")
    }

    @Test func `H61: logs are sent by Pebble, to every Loki, and nothing is fetched for it`() throws {
        var world = try IndicoWorld.serving()
        for (id, name) in [(50, "loki-a"), (51, "loki-b")] {
            world.world.relations.append(
                RelationState(
                    "logging",
                    id: id,
                    remoteApplication: name,
                    remoteUnitsData: [0: ["endpoint": #"{"url": "http://\#(name):3100/loki/api/v1/push"}"#]]
                )
            )
        }
        let output = try world.run(.updateStatus)
        #expect(Set(try world.plan("indico").logTargets.keys) == ["loki-a/0", "loki-b/0"])
        #expect(try world.plan("indico").services["promtail"] == nil)
        #expect(output.commands(in: "indico").allSatisfy { !$0.words.joined().contains("http") })
    }

    @Test func `H62: what the workload prints beside its reply does not matter`() throws {
        var world = try IndicoWorld.serving()
        #expect(world.world.workloadVersion == "3.2.9")
        world.world.config["plugins"] = .string("payment_manual, storage_s3,payment_manual")
        try world.run(.configChanged)
        let text = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        #expect(text.contains("PLUGINS = {'payment_manual', 'storage_s3'}"))
    }

    @Test func `H63: the broker and the cache are two servers, and no ingress cuts the path`() throws {
        #expect(decide(try sampleView { $0.broker = .absent }).obstacle == .blocked("missing relations: redis-broker"))
        var world = try IndicoWorld.serving()
        world.world.relations.append(RelationState("ingress", id: 21, remoteApplication: "traefik"))
        try world.run(.updateStatus)
        #expect(try #require(world.world[relation: "ingress"]).ownApplicationData["strip-prefix"] == nil)
    }
}
