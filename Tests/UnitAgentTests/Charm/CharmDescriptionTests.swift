// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import UnitAgent

@Suite struct CharmDescriptionTests {
    private func charm(_ metadata: String, config: String = "", actions: String = "") throws -> CharmDescription {
        try CharmDescription(
            metadata: yamlValue(metadata),
            config: yamlValue(config),
            actions: yamlValue(actions),
            version: ""
        )
    }

    @Test func `endpoints, containers and storages are read`() throws {
        let charm = try charm(
            """
            name: x
            requires: {db: {interface: pg, limit: 1}}
            provides: {site: {interface: http}}
            peers: {friends: {interface: p}}
            containers: {b: {}, a: {resource: r}}
            storage: {one: {type: filesystem}, some: {type: block, multiple: {range: 2+}}, few: {type: filesystem, multiple: {range: 0-3}}}
            """
        )
        #expect(charm.endpoints.map(\.name) == ["db", "site", "friends"])
        #expect(charm.endpoint("db")?.limit == 1)
        #expect(charm.containers == ["a", "b"])
        #expect(charm.storages.map(\.minimumCount) == [0, 1, 2])
        #expect(charm.storages.map(\.maximumCount) == [3, 1, nil])
    }

    @Test(arguments: [
        ("{}", "", "cannot use the charm: metadata.yaml has no name"),
        ("{name: x, requires: {db: {}}}", "", "cannot use the charm: metadata.yaml: requires: db has no interface"),
        (
            "{name: x}", "options: {a: {type: colour}}",
            "cannot use the charm: config.yaml: option a is of unknown type \"colour\""
        ),
        (
            "{name: x}", "options: {a: {type: int, default: x}}",
            "cannot use the charm: config.yaml: the default of option a is not of type int"
        ),
    ])
    func `a charm that cannot be run says why`(metadata: String, config: String, message: String) {
        let error = #expect(throws: CharmError.self) { try charm(metadata, config: config) }
        #expect(error?.description == message)
    }

    @Test(arguments: [
        ("int", "12", ConfigValue.int(12)), ("float", "0.5", .float(0.5)), ("boolean", "No", .boolean(false)),
        ("string", "12", .string("12")), ("secret", "secret:x", .string("secret:x")),
    ])
    func `an option takes a text of its type`(type: String, text: String, value: ConfigValue) throws {
        #expect(try ConfigOption(name: "a", body: .object(["type": .string(type)])).parse(text) == value)
    }

    @Test(arguments: [("int", "1.5"), ("int", ""), ("float", "nan"), ("boolean", "maybe"), ("secret", "password")])
    func `an option refuses a text of another type`(type: String, text: String) throws {
        let option = try ConfigOption(name: "a", body: .object(["type": .string(type)]))
        #expect(throws: ControlFailure.self) { try option.parse(text) }
    }

    @Test func `an option the operator set is kept when a new charm has it with another type, but not used`() throws {
        let charm = try charm("{name: x}", config: "options: {a: {type: int, default: 1}}")
        #expect(charm.effectiveConfig(user: ["a": .string("word"), "gone": .int(1)]) == ["a": .int(1)])
        #expect(charm.effectiveConfig(user: ["a": .string("7")]) == ["a": .int(7)])
    }

    @Test func `parameters of an action are typed, completed and checked`() throws {
        let action = try #require(
            charm(
                "{name: x}",
                actions: """
                    go:
                      params: {n: {type: integer}, t: {type: string, enum: [a, b]}, l: {type: array}, d: {type: string, default: z}}
                      required: [n]
                      additionalProperties: false
                    """
            ).action("go")
        )
        let given = try action.resolve(["n": "5", "t": "a", "l": "[1, x]"])
        #expect(given == .object(["n": 5, "t": "a", "l": .array([1, "x"]), "d": "z"]))
        for wrong in [["n": "x"], [:], ["n": "1", "t": "c"], ["n": "1", "more": "1"]] {
            #expect(throws: ControlFailure.self) { try action.resolve(wrong) }
        }
    }

    @Test func `the fingerprint follows contents, not times`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("one", to: "dispatch")
        try directory.write("x", to: "src/charm.py")
        let first = try CharmFingerprint.of(directory: directory.path)
        try directory.write("one", to: "dispatch")
        try directory.write("state", to: ".unit-state.db")
        #expect(try CharmFingerprint.of(directory: directory.path) == first)
        try directory.write("y", to: "src/charm.py")
        #expect(try CharmFingerprint.of(directory: directory.path) != first)
    }
}
