// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// Databags, secrets and options of others, through whole dispatches: none fails a hook or touches what serves.
@Suite struct HostileWorldTests {
    private static let texts = [
        "\0", "\n", "'", "\"; drop", "{", "[]", "null", "-1", "65536", "99999999999999999999", "secret:", "secret:nope",
        "secret:hostile", "True", "é\u{202E}", "http://[", "../../etc/passwd", String(repeating: "x", count: 70_000),
        "h:1,h:2",
        "host with space:5432", ":", "::", "[::1]:5432",
    ]
    private static let keys: [String: [String]] = [
        "database": [
            "endpoints", "database", "username", "password", "tls", "tls-ca", "secret-user", "status", "subordinated",
        ],
        "redis-broker": ["leader-host", "hostname", "port", "secret-user"],
        "redis-cache": ["leader-host", "hostname", "port", "secret-user"],
        "smtp": ["host", "port", "auth_type", "transport_security", "user", "password", "password_id", "recipients"],
        "indico-peers": ["secret-id", "secret-key", "celery-unit"],
    ]

    @Test func `whatever others write, the hook ends well and the unit says how it is`() throws {
        var random = SplitMix(state: 7)
        func pick<Element>(_ values: [Element]) -> Element { values[Int(random.next() % UInt64(values.count))] }
        let good = try IndicoWorld.serving()
        for _ in 0..<300 {
            var world = good
            world.world.secrets.append(
                SecretState(
                    id: "secret:hostile",
                    owner: .other(isGranted: true),
                    revisions: [[pick(["password", "something-else"]): pick(Self.texts)]]
                )
            )
            world.world.relations.append(RelationState("smtp", id: 20, remoteApplication: "mail"))
            for _ in 0...Int(random.next() % 4) {
                let endpoint = pick(Array(Self.keys.keys).sorted())
                let (key, value) = (pick(Self.keys[endpoint] ?? []), pick(Self.texts))
                if endpoint == "indico-peers" {
                    world.world[relation: endpoint]?.ownApplicationData[key] = value
                } else if key == "hostname" || key == "port" {
                    let unit = UnitName(
                        application: try #require(world.world[relation: endpoint]).remoteApplication,
                        number: 0
                    )
                    world.world[relation: endpoint]?.remoteUnitsData[unit]?[key] = value
                } else {
                    world.world[relation: endpoint]?.remoteApplicationData[key] = value
                }
            }
            let output = try world.run(.updateStatus)
            #expect(output.error == nil)
            let status = try #require(world.world.unitStatus)
            #expect(status.kind == .active || !status.message.isEmpty)
            #expect(!status.message.contains { $0.isNewline })
            if status.kind == .blocked || status.kind == .waiting, status.message != "waiting for Indico to answer" {
                #expect(output.changes(in: "indico-nginx").isEmpty, "\(status)")
            }
            #expect(world.world.containers["indico"]?.running["indico"] != nil, "\(status)")
        }
    }
}
