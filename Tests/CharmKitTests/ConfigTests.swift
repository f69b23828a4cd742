// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct ConfigTests {
    private struct Options: Decodable, Equatable {
        var port: Int
        var ratio: Double
        var debug: Bool
        var siteURL: String?

        enum CodingKeys: String, CodingKey {
            case port
            case ratio
            case debug
            case siteURL = "site_url"
        }
    }

    @Test func `options are read by type, absent ones as nil`() throws {
        let config = Config(["port": 8080, "ratio": 1, "debug": false, "name": "x", "unset": .null])
        #expect(try config.integer("port") == 8080)
        #expect(try config.number("ratio") == 1.0)
        #expect(try config.boolean("debug") == false)
        #expect(try config.string("name") == "x")
        #expect(try config.optionalString("unset") == nil)
        #expect(try config.optionalInteger("missing") == nil)
    }

    @Test func `a wrong option is named with what it must be`() {
        let config = Config(["port": "x", "debug": 1])
        #expect(throws: ConfigError(option: "port", problem: "must be a whole number")) { try config.integer("port") }
        #expect(throws: ConfigError(option: "debug", problem: "must be true or false")) { try config.boolean("debug") }
        #expect(throws: ConfigError(option: "name", problem: "must be set")) { try config.string("name") }
    }

    @Test func `options decode into the charm's own type`() throws {
        let config = Config([
            "port": 80, "ratio": .number(0.5), "debug": true, "site_url": "https://x", "other": "ignored",
        ])
        #expect(
            try config.decode(Options.self) == Options(port: 80, ratio: 0.5, debug: true, siteURL: "https://x")
        )
    }

    @Test(
        arguments: [
            (["ratio": .number(0.5), "debug": true], "port", "must be set"),
            (["port": "x", "ratio": .number(0.5), "debug": true], "port", "must be a whole number"),
            (["port": 80, "ratio": .number(0.5), "debug": true, "site_url": 7], "site_url", "must be text"),
        ] as [([String: JSONValue], String, String)]
    )
    func `decoding names the option that is wrong`(values: [String: JSONValue], option: String, problem: String) {
        #expect(throws: ConfigError(option: option, problem: problem)) { try Config(values).decode(Options.self) }
    }

    @Test func `the configuration is fetched once, and not at all when nobody asks`() throws {
        let asks = CharmTest { _ in
            TestCharm { observers in
                observers.on(.start) { _, model in
                    _ = try model.config()
                    _ = try model.config()
                }
            }
        }
        #expect(try asks.run(.start, in: World()).toolCalls.map(\.tool) == [.configGet])
        #expect(try asks.run(.stop, in: World()).toolCalls.isEmpty)
    }
}
