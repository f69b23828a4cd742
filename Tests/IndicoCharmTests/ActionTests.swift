// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

@Suite struct ActionTests {
    private func run(_ name: String, _ parameters: [String: JSONValue], _ world: inout IndicoWorld) throws -> Output {
        world.world.actionParameters = parameters
        return try world.run(.action(ActionEvent(name: name, id: "1")))
    }

    @Test func `add-admin takes the password from a secret and no process can be seen with it`() throws {
        var world = try IndicoWorld.serving()
        world.world.secrets.append(
            SecretState(id: "secret:admin", owner: .other(isGranted: true), revisions: [["password": "horse battery"]])
        )
        let parameters: [String: JSONValue] = [
            "email": .string("a@example.com"), "password-secret": .string("secret:admin"),
        ]
        let output = try run("add-admin", parameters, &world)
        #expect(output.action?.failure == nil)
        #expect(output.action?.results == ["user": "a@example.com", "username": "a@example.com"])
        let command = try #require(output.commands(in: "indico").last)
        #expect(!command.words.joined().contains("horse"))
        #expect(!command.environment.values.joined().contains("horse"))
        #expect(String(decoding: command.input, as: UTF8.self).contains("horse battery"))
    }

    @Test func `add-admin without a secret makes a password and tells it once`() throws {
        var world = try IndicoWorld.serving()
        let output = try run("add-admin", ["email": .string("a@example.com")], &world)
        let password = try #require(output.action?.results["password"])
        #expect(password.utf8.count == 24)
        let input = try #require(output.commands(in: "indico").last).input
        #expect(String(decoding: input, as: UTF8.self).contains(password))
    }

    @Test func `add-admin fails with what Indico says`() throws {
        var world = try IndicoWorld.serving()
        world.workload.change { $0.failingVerbs["add-admin"] = "exists" }
        let output = try run("add-admin", ["email": .string("a@example.com")], &world)
        #expect(output.action?.failure == "cannot add a@example.com: it says exists")
    }

    @Test func `an action without a container fails and says when to try again`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"] = .notReachable
        let output = try run("add-admin", ["email": .string("a@example.com")], &world)
        #expect(output.action?.failure?.contains("not up yet") == true)
    }

    @Test func `anonymize-user tells what became of each`() throws {
        var world = try IndicoWorld.serving()
        let output = try run("anonymize-user", ["email": .string("a@example.com, b@example.com")], &world)
        #expect(output.action?.results["output"] == "a@example.com: anonymized\nb@example.com: not-found")
        #expect(output.action?.failure == "not anonymized: b@example.com")
    }

    @Test func `anonymize-user takes at most 50`() throws {
        var world = try IndicoWorld.serving()
        let emails = (0..<51).map { "u\($0)@example.com" }.joined(separator: ",")
        let output = try run("anonymize-user", ["email": .string(emails)], &world)
        #expect(output.action?.failure == "invalid action parameters: email must list at most 50 addresses")
        #expect(output.commands(in: "indico").isEmpty)
    }

    @Test func `refresh-external-resources fetches and reloads`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string("https://git.example.com/custom.git")
        let output = try run("refresh-external-resources", [:], &world)
        #expect(output.commands(in: "indico").compactMap(\.words.last) == ["customize", "reload"])
        #expect(output.action?.results["customization-changes"] == "true")
    }

    @Test func `refresh-external-resources without a source does nothing and says so`() throws {
        var world = try IndicoWorld.serving()
        let output = try run("refresh-external-resources", [:], &world)
        #expect(output.commands(in: "indico").isEmpty)
        #expect(output.action?.results["customization-source"] == "none configured")
    }
}
