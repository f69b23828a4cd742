// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// When the customization is fetched, and when it is taken away.
@Suite struct CustomizationTests {
    private static let source = "https://git.example.com/c.git"
    private static let mark = "/srv/indico/etc/customization"

    private func customized() throws -> IndicoWorld {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string(Self.source)
        #expect(try verbs(&world) == ["customize", "reload"])
        return world
    }

    /// What the module is asked for in an event.
    private func verbs(_ world: inout IndicoWorld) throws -> [String] {
        try world.run(.configChanged).commands(in: "indico").compactMap(\.words.last)
    }

    @Test func `an option that is emptied brings Indico's own look back, once`() throws {
        var world = try customized()
        world.world.config["customization_sources_url"] = .string("")
        #expect(try verbs(&world) == ["drop-customization", "reload"])
        #expect(world.world.unitStatus == .active())
        #expect(try verbs(&world) == [])
    }

    @Test func `where nothing was ever fetched nothing is taken away`() throws {
        var world = try IndicoWorld.serving()
        #expect(try verbs(&world) == [])
        #expect(world.world.containers["indico"]?.files[Self.mark] == nil)
    }

    @Test func `a container that lost its files gets them again`() throws {
        var world = try customized()
        world.world.containers["indico"]?.files[Self.mark] = nil
        #expect(try verbs(&world) == ["customize", "reload"])
        #expect(try verbs(&world) == [])
    }

    @Test(arguments: ["", source]) func `workers that have not taken it up are asked again`(source: String) throws {
        var world = try customized()
        world.world.config["customization_sources_url"] = .string(source)
        if !source.isEmpty { world.world.containers["indico"]?.files[Self.mark] = nil }
        world.workload.change { $0.failingVerbs["reload"] = "reload-timeout" }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .blocked("customization_sources_url: it says reload-timeout"))
        world.workload.change {
            $0.failingVerbs = [:]
            $0.customizationChanges = false
        }
        #expect(try verbs(&world).last == "reload")
        #expect(world.world.unitStatus == .active())
    }

    @Test func `an action that cannot fetch leaves the unit as it is`() throws {
        var world = try customized()
        world.workload.change { $0.failingVerbs["customize"] = "fetch-failed" }
        let output = try world.run(.action(ActionEvent(name: "refresh-external-resources", id: "1")))
        #expect(output.action?.failure == "cannot refresh: it says fetch-failed")
        #expect(try verbs(&world) == [])
        #expect(world.world.unitStatus == .active())
    }

    @Test func `an action that finds nothing new has no worker replaced`() throws {
        var world = try customized()
        world.workload.change { $0.customizationChanges = false }
        let output = try world.run(.action(ActionEvent(name: "refresh-external-resources", id: "1")))
        #expect(output.commands(in: "indico").compactMap(\.words.last) == ["customize"])
        #expect(output.action?.results["customization-changes"] == "false")
        #expect(try verbs(&world) == [])
    }
}
