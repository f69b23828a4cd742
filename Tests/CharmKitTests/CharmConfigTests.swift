// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import FoundationEssentials
import Testing

@Suite struct CharmConfigTests {
    private enum Mode: String, Decodable, CaseIterable { case fast, safe }

    private struct Settings: CharmConfig, Equatable {
        var name: String
        var port: Int
        var ratio: Double
        var debug: Bool
        var mode: Mode
        var password: SecretOption?
        var siteURL: String?

        enum CodingKeys: String, CodingKey {
            case name
            case port
            case ratio
            case debug
            case mode
            case password
            case siteURL = "site-url"
        }

        func validate() throws {
            guard (1...65535).contains(port) else {
                throw ConfigError(option: "port", problem: "must be from 1 to 65535")
            }
        }
    }

    private var declaration: CharmDeclaration {
        var declaration = CharmDeclaration(name: "app")
        declaration.options = [
            "name": .init(.string, default: "x"), "port": .init(.int, default: 80),
            "ratio": .init(.float, default: .number(0.5)), "debug": .init(.boolean, default: false),
            "mode": .init(.string, default: "safe"), "password": .init(.secret), "site-url": .init(.string),
        ]
        return declaration
    }

    private func read<Value: CharmConfig>(
        _ type: Value.Type,
        _ config: [String: JSONValue] = [:],
        _ declaration: CharmDeclaration
    ) throws -> (Value?, Output) {
        var value: Value?
        let output = try CharmTest(declaration: declaration) { _ in
            TestCharm { $0.on(.start) { _, model in value = try model.config(type) } }
        }.run(.start, in: World(config: config))
        return (value, output)
    }

    @Test func `options are a value of the charm's own type, defaults filled in as the controller does`() throws {
        let (settings, output) = try read(Settings.self, ["port": 8080, "password": "secret:abc"], declaration)
        let expected = Settings(
            name: "x",
            port: 8080,
            ratio: 0.5,
            debug: false,
            mode: .safe,
            password: SecretOption(id: "secret:abc"),
            siteURL: nil
        )
        #expect(settings == expected)
        #expect(output.toolCalls.map(\.tool) == [.configGet])
        #expect(output.world.config == ["port": 8080, "password": "secret:abc"])
    }

    @Test func `what the type itself refuses blocks the unit, by the option's name`() throws {
        let (_, output) = try read(Settings.self, ["port": 0], declaration)
        #expect(output.error == nil)
        #expect(output.world.unitStatus == .blocked("invalid config: option port must be from 1 to 65535"))
    }

    @Test func `a text that is no secret, or none of an enumeration's, blocks by the option's name`() throws {
        #expect(throws: ConfigError(option: "password", problem: "must be the URI of a secret, such as secret:ID")) {
            try Config(["password": "--file=/etc/shadow"]).decode(OnlyPassword.self)
        }
        let error = #expect(throws: ConfigError.self) { try Config(["mode": "loud"]).decode(OnlyMode.self) }
        #expect(error?.option == "mode")
    }

    private struct OnlyPassword: Decodable { let password: SecretOption }
    private struct OnlyMode: Decodable { let mode: Mode }

    private struct WrongTypes: CharmConfig {
        static let otherOptions: Set = ["debug", "mode", "password", "site-url"]
        let name: Int
        let port: String
        let ratio: Double
    }

    private struct Undeclared: CharmConfig {
        static let otherOptions: Set = ["debug", "mode", "password", "site-url", "name", "ratio"]
        let port: Int
        let prot: Int?
    }

    private struct Incomplete: CharmConfig {
        let port: Int
    }

    private struct SecretAsText: CharmConfig {
        static let otherOptions: Set = ["debug", "mode", "site-url", "name", "ratio", "port"]
        let password: String?
    }

    private struct OwnKind: Decodable {
        init(from decoder: any Decoder) throws {
            guard try decoder.singleValueContainer().decode(Int.self) > 0 else { throw HandlerFailure() }
        }
    }

    private struct OwnKinds: CharmConfig {
        static let otherOptions: Set = ["debug", "mode", "site-url", "name", "ratio", "password"]
        let port: OwnKind
    }

    @Test func `a type that does not fit the declaration is refused, by option`() {
        #expect(
            declaration.problems(of: WrongTypes.self) == [
                "WrongTypes reads option name as int (Int): it is declared as string (String)",
                "WrongTypes reads option port as string (String): it is declared as int (Int)",
            ]
        )
        #expect(declaration.problems(of: Undeclared.self) == ["Undeclared reads option prot, which is not declared"])
        #expect(
            declaration.problems(of: Incomplete.self)
                == ["debug", "mode", "name", "password", "ratio", "site-url"].map {
                    "Incomplete does not read option \($0), which is declared"
                }
        )
        #expect(
            declaration.problems(of: SecretAsText.self) == [
                "SecretAsText reads option password as string (String): it is declared as secret (SecretOption)"
            ]
        )
        #expect(declaration.problems(of: Settings.self) == [])
    }

    @Test func `types of the charm's own are looked through`() {
        #expect(declaration.problems(of: OwnKinds.self) == [])
        var declaration = declaration
        declaration.options["port"] = .init(.string, default: "80")
        #expect(declaration.problems(of: OwnKinds.self).contains { $0.contains("reads option port as int") })
    }

    @Test func `a test of a charm whose type does not fit is refused`() {
        #expect(throws: ImpossibleWorld.self) { try read(Undeclared.self, [:], declaration) }
    }

    private struct Greeting: Decodable {
        let name: String
        let times: Int?
    }

    private struct Impolite: Decodable {
        let name: Int
        let times: Int
        let tone: String?
    }

    @Test func `an action's parameters are a value, and their type is held against the declaration`() throws {
        var declaration = CharmDeclaration(name: "app")
        declaration.actions["greet"] = .init(
            parameters: ["name": .init("string"), "times": .init("integer")],
            required: ["name"]
        )
        #expect(declaration.problems(of: Greeting.self, forAction: "greet") == [])
        #expect(
            declaration.problems(of: Impolite.self, forAction: "greet") == [
                "Impolite reads parameter name as integer: it is declared as string",
                "Impolite needs parameter times of action greet, which an operator may leave out",
                "Impolite reads parameter tone of action greet, which is not declared",
            ]
        )
        var world = World()
        world.actionParameters = ["name": "Ada"]
        let event = HookEvent.action(ActionEvent(name: "greet", id: "1"))
        func run<Value: Decodable>(_ type: Value.Type) throws -> Output {
            try CharmTest(declaration: declaration) { _ in
                TestCharm { $0.on(.action("greet")) { event, _ in _ = try event.requireAction().parameters(type) } }
            }.run(event, in: world)
        }
        #expect(try run(Greeting.self).action?.failure == nil)
        #expect(throws: ImpossibleWorld.self) { try run(Impolite.self) }
    }

    @Test func `a charm's files are read, split or whole, and the example's types fit them`() throws {
        let declaration = try CharmDeclaration(charmDirectory: try CharmSource.directory)
        #expect(declaration.name == "hello")
        #expect(declaration.options["port"] == .init(.int, default: 8080))
        #expect(declaration.endpoints["friends"]?.role == .peers)
        #expect(declaration.endpoints["database"]?.limit == 1)
        #expect(declaration.containers == ["web"])
        #expect(declaration.actions["greet"]?.required == ["name"])
        let indico = try CharmDeclaration(charmDirectory: try CharmSource.directory + "/../../../charm")
        #expect(indico.options["workers"] == .init(.int, default: 3))
        #expect(indico.actions["add-admin"]?.allowsOthers == false)
        #expect(indico.resources == ["indico-image", "indico-nginx-image"])
    }

    @Test func `files that declare nonsense are refused with everything that is wrong`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "declaration-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(throws: DeclarationError.self) { try CharmDeclaration(charmDirectory: directory) }
        let text = """
            name: x
            requires: {db: {}}
            peers: {db: {interface: p}}
            config: {options: {a: {}, b: {type: list}, c: {type: int, default: many}}}
            """
        #expect(FileManager.default.createFile(atPath: "\(directory)/charmcraft.yaml", contents: Data(text.utf8)))
        let error = #expect(throws: DeclarationError.self) { try CharmDeclaration(charmDirectory: directory) }
        #expect(
            error?.problems == [
                "endpoint db has no interface", "endpoint db is declared twice", "option a has no type",
                "option b is of type list, which there is not", "the default of option c is not of type int",
            ]
        )
    }
}
