// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebbleAPI
import Testing

@testable import IndicoCharm

/// A view with all that is needed, to break.
func sampleView(_ change: (inout View) -> Void = { _ in }) throws -> View {
    let settings = try sampleSettings()
    let unit = UnitName(application: "indico", number: 0)
    var view = View(
        unit: unit,
        application: "indico",
        isLeader: true,
        options: ["site_url": .string("https://indico.example.com")],
        database: .ready(settings.database),
        cache: .ready(settings.cache),
        broker: .ready(settings.broker),
        mail: .absent,
        mailEndpoint: "smtp",
        peers: .ready(Peers(state: IndicoPeerState(secretKey: "key", celeryUnit: unit))),
        indico: ContainerView(isReachable: true),
        nginx: ContainerView(isReachable: true),
        layout: .image,
        ports: WorkloadPorts(),
        files: CharmFiles(modules: [:], statsdMapping: "")
    )
    change(&view)
    return view
}

@Suite struct DecideTests {
    private func obstacle(_ change: (inout View) -> Void) throws -> Obstacle? {
        let decision = decide(try sampleView(change))
        #expect((decision.obstacle == nil) == (decision.workload != nil))
        return decision.obstacle
    }

    @Test func `with all at hand there is no obstacle`() throws {
        #expect(try obstacle { _ in } == nil)
    }

    @Test func `all missing relations are named at once`() throws {
        let found = try obstacle {
            $0.database = .absent
            $0.broker = .absent
            $0.cache = .absent
        }
        #expect(found == .blocked("missing relations: database, redis-broker, redis-cache"))
    }

    @Test func `a provider that has not answered is waited for`() throws {
        let found = try obstacle {
            $0.database = .waiting("endpoints")
            $0.cache = .waiting("hostname and port")
        }
        #expect(found == .waiting("waiting for database (endpoints), redis-cache (hostname and port)"))
    }

    @Test func `what a relation offers in vain is named`() throws {
        #expect(
            try obstacle { $0.broker = .invalid("port: no") } == .blocked("relation redis-broker: port: no")
        )
        #expect(
            try obstacle { $0.mail = .invalid("transport_security: no") }
                == .blocked("relation smtp: transport_security: no")
        )
    }

    @Test func `mail that is not there yet does not keep Indico from running`() throws {
        #expect(try obstacle { $0.mail = .waiting("host") } == nil)
    }

    @Test func `containers that do not answer are named`() throws {
        let found = try obstacle {
            $0.indico.isReachable = false
            $0.nginx.isReachable = false
        }
        #expect(found == .waiting("waiting for Pebble in indico, indico-nginx"))
    }

    @Test func `a secret key that cannot be read is never made anew`() throws {
        let decision = decide(try sampleView { $0.peers = .waiting("access to the secret in secret-id") })
        #expect(!decision.makesSecretKey)
        #expect(decision.celeryUnit == nil)
        #expect(decision.workload == nil)
    }

    @Test(arguments: [
        ("site_url", JSONValue.string("indico.example.com"), "site_url must start with http:// or https://"),
        ("site_url", .string("http://h:99999"), "site_url must have a port from 1 to 65535 after the host, or none"),
        ("site_url", .string("http://[::1"), "site_url must close the bracket of its IPv6 address"),
        ("site_url", .string("http://h/indico"), "site_url must not have a path: write http://HOST[:PORT]"),
        ("site_url", .string("http://"), "site_url must have a host name or an address after http://"),
        ("site_url", .string("http://h\";return 200"), "site_url must have a host name or an address after http://"),
        ("site_url", .integer(3), "site_url must be text"),
        ("workers", .integer(0), "workers must be a whole number from 1 to 64"),
        ("workers", .string("four"), "workers must be a whole number from 1 to 64"),
        ("enable_roombooking", .string("yes"), "enable_roombooking must be true or false"),
        (
            "indico_support_email", .string("me"),
            "indico_support_email must be an e-mail address, such as indico@example.com"
        ),
        (
            "trusted_proxies", .string("10.0.0.0/8; include /etc/passwd"),
            "trusted_proxies must list addresses or networks, such as 10.0.0.0/8, separated by commas"
        ),
        (
            "customization_sources_url", .string("--upload-pack=x"),
            "customization_sources_url must be the URL of a Git repository, such as https://git.example.com/indico-custom.git"
        ),
    ])
    func `a bad option is named with what to write instead`(option: String, value: JSONValue, problem: String) throws {
        #expect(try obstacle { $0.options[option] = value } == .blocked("invalid configuration: \(problem)"))
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("HTTPS://Indico.Example.COM/", "indico.example.com"),
        ("http://host:80", "host"), ("https://host:8443", "host:8443"), ("http://[::1]:8080", "[::1]:8080"),
    ])
    func `a good site is understood`(text: String, authority: String) throws {
        #expect(try SiteURL(text).authority == authority)
    }

    @Test func `without a site the application's name makes one`() throws {
        let decision = decide(try sampleView { $0.options = [:] })
        #expect(decision.workload?.settings.site.description == "http://indico.local")
    }

    @Test func `Celery stays where it is while that unit is there, and is the leader's when it is not`() throws {
        let other = UnitName(application: "indico", number: 7)
        let there = decide(
            try sampleView {
                $0.peers = .ready(Peers(state: IndicoPeerState(secretKey: "k", celeryUnit: other), units: [other]))
            }
        )
        #expect(there.celeryUnit == nil && there.yieldsCelery && there.workload?.celery == CeleryRole.none)
        let gone = decide(
            try sampleView { $0.peers = .ready(Peers(state: IndicoPeerState(secretKey: "k", celeryUnit: other))) }
        )
        #expect(gone.celeryUnit == UnitName(application: "indico", number: 0) && gone.workload?.celery == .elected)
    }

    /// Thousands of views with anything anywhere: always a decision, and never a line of configuration of their own.
    @Test func `any view has a decision that keeps to itself`() throws {
        var random = SplitMix(state: 42)
        let texts = [
            "", " ", "\0", "\n", "a\nb", "'", "\"", "\\", "$host", "%(x)s", "{", "}", ";", "#", "é", "\u{202E}",
            "http://",
            "https://a;b", "http://a b", "http://-a", "http://a..b", "secret:x", "../..",
            String(repeating: "A", count: 100_000),
            "10.0.0.0/8", "10.0.0.0/99", "a@b.c", "a@b@c", "true", "-1", "🦆",
        ]
        let names = [
            "site_url", "workers", "celery_workers", "trusted_proxies", "indico_support_email", "indico_no_reply_email",
            "indico_public_support_email", "default_timezone", "default_locale", "customization_sources_url",
            "enable_roombooking", "customization_debug",
        ]
        for _ in 0..<4000 {
            let view = try sampleView { view in
                for name in names where random.next() % 4 == 0 {
                    let values: [JSONValue] = [
                        .null, .bool(true), .integer(Int64(bitPattern: random.next())), .number(.infinity), .array([]),
                        .object([:]),
                        .string(texts[Int(random.next() % UInt64(texts.count))]),
                    ]
                    view.options[name] = values[Int(random.next() % UInt64(values.count))]
                }
                if random.next() % 3 == 0, var database = view.database.value {
                    database.username = texts[Int(random.next() % UInt64(texts.count))]
                    database.password = texts[Int(random.next() % UInt64(texts.count))]
                    view.database = .ready(database)
                }
                if random.next() % 5 == 0 { view.application = texts[Int(random.next() % UInt64(texts.count))] }
            }
            let decision = decide(view)
            #expect((decision.obstacle == nil) == (decision.workload != nil))
            if case .blocked(let message)? = decision.obstacle { #expect(message.contains(":")) }
            for file in decision.workload?.nginx.files ?? [] {
                #expect(!file.content.contains("include ") && !file.content.contains("\0"))
            }
        }
    }
}

/// A small generator whose runs can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
