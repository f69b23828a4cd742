// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct ModelTests {
    private func run(
        _ event: HookEvent = .start,
        in world: World = World(),
        _ body: @escaping (Model) throws -> Void
    ) throws -> Output {
        let output = try CharmTest { _ in TestCharm { $0.on(.anyHook) { _, model in try body(model) } } }
            .run(event, in: world)
        if let error = output.error { throw error }
        return output
    }

    @Test func `state is read in one call and written in one`() throws {
        var world = World()
        world.storedState = ["a": "1", "b": "2", "c": "3"]
        let output = try run(in: world) { model in
            #expect(try model.state.string("a") == "1")
            try model.state.set("x", for: "a")
            try model.state.set(nil, for: "b")
            try model.state.encode(["n": 1], for: "d")
            try model.state.set("3", for: "c")
            #expect(try model.state.string("a") == "x")
            #expect(try model.state.string("b") == nil)
            #expect(try model.state.decode([String: Int].self, for: "d") == ["n": 1])
        }
        #expect(output.world.storedState == ["a": "x", "c": "3", "d": #"{"n":1}"#])
        #expect(output.toolCalls.map(\.tool) == [.stateGet, .stateSet])
    }

    @Test func `state that does not change is not written`() throws {
        var world = World()
        world.storedState = ["a": "1"]
        let output = try run(in: world) { model in
            try model.state.set("1", for: "a")
            try model.state.set(nil, for: "never")
        }
        #expect(output.count(.stateSet) == 0)
    }

    @Test func `state the controller would refuse is refused at the call`() throws {
        _ = try run { model in
            #expect(throws: StoredStateError.badKey("")) { try model.state.set("x", for: "") }
            #expect(throws: StoredStateError.reservedKey("charmkit.deferred")) {
                try model.state.set("x", for: "charmkit.deferred")
            }
            let long = String(repeating: "x", count: StoredState.maximumValueSize + 1)
            #expect(throws: StoredStateError.tooLarge(key: "k", size: long.utf8.count)) {
                try model.state.set(long, for: "k")
            }
        }
    }

    @Test func `ports become exactly those wanted, by the fewest calls`() throws {
        var world = World()
        world.openedPorts = [PortRange(8080), PortRange(9000, transport: "udp")]
        let output = try run(in: world) { $0.setPorts([PortRange(8080), PortRange(8443)]) }
        #expect(output.world.openedPorts == [PortRange(8080), PortRange(8443)])
        #expect(output.toolCalls.map(\.tool) == [.openedPorts, .closePort, .openPort])
        let again = try run(in: output.world) { $0.setPorts([PortRange(8080), PortRange(8443)]) }
        #expect(again.toolCalls.map(\.tool) == [.openedPorts])
    }

    @Test(arguments: ["80/tcp", "80-90/udp", "icmp"])
    func `port ranges are read and written alike`(text: String) {
        #expect(PortRange(text)?.description == text)
    }

    @Test func `addresses, goal, resources and storage are asked for once`() throws {
        var world = World(plannedUnits: 3)
        world.resources = ["image": "/tmp/image.tar"]
        world.storages = ["archive/0": "/srv/archive"]
        let output = try run(in: world) { model in
            for _ in 1...2 {
                let (network, goal) = (try model.network("database"), try model.goalState())
                #expect(network.bindAddress == "192.0.2.0")
                #expect(network.ingressAddress == "192.0.2.0")
                #expect(goal.plannedUnits == 3)
            }
            #expect(try model.resourcePath("image") == "/tmp/image.tar")
            #expect(try model.storages("archive") == ["archive/0"])
            #expect(try model.storageLocation("archive/0") == "/srv/archive")
            model.setWorkloadVersion("3.2.9")
        }
        #expect(output.count(.networkGet) == 1)
        #expect(output.count(.goalState) == 1)
        #expect(output.world.workloadVersion == "3.2.9")
    }

    @Test func `debug lines cost no call, infos go together, a warning goes at once and in order`() throws {
        let output = try run { model in
            model.log.debug("d")
            model.log.info("one")
            model.log.info("two")
            model.log.warning("three")
            model.log.info("four")
        }
        #expect(output.debugLines == ["d"])
        #expect(
            output.log == [
                Log.Line(level: .info, text: "one\ntwo"), Log.Line(level: .warning, text: "three"),
                Log.Line(level: .info, text: "four"),
            ]
        )
    }

    @Test func `a line too long for one argument is cut into calls, nothing lost`() throws {
        let long = String(repeating: "ü", count: 200_000)
        let output = try run { $0.log.info(long) }
        #expect(output.log.count > 1)
        #expect(output.log.map(\.text).joined() == long)
        #expect(output.log.allSatisfy { $0.text.utf8.count < 128 * 1024 })
    }

    @Test func `the environment tells a charm where and what it is`() throws {
        var world = World(unit: UnitName(application: "indico", number: 4))
        world.environment = ["INDICO_WORKLOAD_ROOT": "/state/root"]
        world.proxies.http = "http://proxy:3128"
        _ = try run(in: world) { model in
            #expect(model.unit.description == "indico/4")
            #expect(model.application == "indico")
            #expect(model.environment.model.name == "test")
            #expect(model.environment.proxies.http == "http://proxy:3128")
            #expect(model.environment.additional["INDICO_WORKLOAD_ROOT"] == "/state/root")
        }
    }
}
