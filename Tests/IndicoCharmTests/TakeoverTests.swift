// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import FoundationEssentials
import PebbleAPI
import Testing

@testable import IndicoCharm

/// A deployment of the existing charm that is refreshed to this one, from the databags that one was recorded to write.
@Suite struct TakeoverTests {
    /// The peers' databag at the end of a recording.
    private func recordedPeers(_ name: String) throws -> [String: String] {
        struct Recording: Decodable {
            struct Step: Decodable {
                struct Relation: Decodable {
                    let endpoint: String
                    let own: [String: String]

                    enum CodingKeys: String, CodingKey {
                        case endpoint
                        case own = "local_app_data"
                    }
                }
                let relations: [Relation]
            }
            let steps: [Step]
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../contracts/interfaces/\(name).json")
        let recording = try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
        let last = recording.steps.last?.relations.first { $0.endpoint == "indico-peers" }
        return try #require(last?.own)
    }

    private func secretKeyLine(_ world: IndicoWorld) throws -> Substring {
        let text = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        return try #require(text.split(separator: "\n").first { $0.hasPrefix("SECRET_KEY = ") })
    }

    @Test func `the secret key of Juju 2 stays in the databag, byte for byte, and Celery where it ran`() throws {
        let peers = try recordedPeers("22-peers-leader-juju29")
        let key = try #require(peers["secret-key"])
        #expect(key.hasPrefix(#"b'\x00\x01"#))
        var world = try IndicoWorld()
        world.toldPeers = peers
        try world.run(.upgradeCharm)
        #expect(world.toldPeers["secret-key"] == key)
        #expect(world.toldPeers["celery-unit"] == "indico/0")
        #expect(world.world.secrets.isEmpty)
        #expect(try secretKeyLine(world) == "SECRET_KEY = \(PythonLiteral.string(key).source)")
        #expect(world.running("celery-beat"))
    }

    @Test func `the secret of Juju 3 is read by its id, which stays, with its key byte for byte`() throws {
        let peers = try recordedPeers("21-peers-leader-juju3")
        let id = try #require(peers["secret-id"])
        let key = #"b'\x00\x01\x02"\t\n\\'"#
        var world = try IndicoWorld()
        world.toldPeers = peers
        world.world.secrets = [SecretState(id: id, owner: .application, revisions: [["secret-key": key]])]
        try world.run(.upgradeCharm)
        #expect(world.toldPeers["secret-id"] == id)
        #expect(world.toldPeers["secret-key"] == nil)
        #expect(world.world.secrets.map(\.revisions) == [[["secret-key": key]]])
        #expect(try secretKeyLine(world) == "SECRET_KEY = \(PythonLiteral.string(key).source)")
    }

    @Test func `a unit of the existing charm that ran Celery keeps it; its neighbours start none`() throws {
        var world = try IndicoWorld(unit: 1)
        world.workload.change { $0.database = "current" }
        world.world.relations.removeAll { $0.isPeer }
        world.world.relations.append(
            RelationState(
                peer: "indico-peers",
                id: 11,
                application: "indico",
                peersData: [0: [:]],
                applicationData: ["secret-key": "kept", "celery-unit": "indico/0"]
            )
        )
        try world.run(.upgradeCharm)
        #expect(world.toldPeers["celery-unit"] == "indico/0")
        #expect(!world.running("celery-beat") && world.running("indico"))
    }

    /// The existing charm's names: an endpoint, option or action that is not there any more would break a refresh.
    @Test func `every endpoint, option and action of the existing charm is there`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../charm/charmcraft.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        for name in [
            "indico-peers", "database", "nginx-route", "redis-broker", "redis-cache", "s3", "saml", "smtp-legacy",
            "logging",
            "metrics-endpoint", "grafana-dashboard", "add-admin", "anonymize-user", "refresh-external-resources",
            "indico", "indico-nginx",
        ] {
            #expect(text.contains("\n  \(name):\n"), "\(name)")
        }
        for option in [
            "site_url", "indico_support_email", "indico_public_support_email", "indico_no_reply_email",
            "enable_roombooking", "customization_sources_url", "customization_debug", "external_plugins",
        ] {
            #expect(text.contains("\n    \(option):\n"), "\(option)")
        }
    }
}
