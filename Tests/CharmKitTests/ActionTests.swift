// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct ActionTests {
    private func run(
        _ parameters: [String: JSONValue] = [:],
        _ body: @escaping (Action, Model) throws -> Void
    ) throws -> Output {
        var world = World()
        world.actionParameters = parameters
        let test = CharmTest { _ in
            TestCharm { observers in
                observers.on(.anyHook) { _, _ in Issue.record("an action is not a hook") }
                observers.on(.action("greet")) { event, model in try body(try event.requireAction(), model) }
            }
        }
        return try test.run(.action(ActionEvent(name: "greet", id: "7")), in: world)
    }

    @Test func `parameters come in, results and progress go out in one call`() throws {
        let output = try run(["name": "Ada", "loud": true]) { action, _ in
            #expect(action.id == "7")
            let name = try action.parameters().string("name")
            try action.log("greeting")
            try action.setResults(["greeting": "hello \(name)"])
            try action.setResults(["detail.loud": String(try action.parameters().boolean("loud"))])
        }
        #expect(output.error == nil)
        #expect(output.action?.results == ["greeting": "hello Ada", "detail.loud": "true"])
        #expect(output.action?.log == ["greeting"])
        #expect(output.action?.failure == nil)
        #expect(output.toolCalls.map(\.tool) == [.actionGet, .actionLog, .actionSet])
    }

    @Test func `a failed action keeps what the handler wrote`() throws {
        let output = try run { action, model in
            try model.state.set("1", for: "seen")
            action.fail("no luck")
        }
        #expect(output.error == nil)
        #expect(output.action?.failure == "no luck")
        #expect(output.world.storedState == ["seen": "1"])
    }

    @Test func `a thrown failure drops what was written, and is not a failed hook`() throws {
        let output = try run { action, model in
            try model.state.set("1", for: "seen")
            try action.setResults(["so-far": "1"])
            throw ActionError.failed("no luck")
        }
        #expect(output.error == nil)
        #expect(output.action?.failure == "no luck")
        #expect(output.action?.results == ["so-far": "1"])
        #expect(output.world.storedState.isEmpty)
    }

    @Test func `a wrong parameter fails the action by name`() throws {
        let output = try run(["name": 7]) { action, _ in _ = try action.parameters().string("name") }
        #expect(output.action?.failure == "invalid action parameters: name must be text")
    }

    @Test func `any other error fails the action, results so far kept`() throws {
        let output = try run { action, _ in
            try action.setResults(["so-far": "1"])
            throw HandlerFailure()
        }
        #expect(output.error is HandlerFailure)
        #expect(output.action?.results == ["so-far": "1"])
    }

    @Test(arguments: ["stdout", "Upper", "-x", "x-", "a..b", "", "a_b"])
    func `result keys juju refuses are refused at the call`(key: String) throws {
        let output = try run { action, _ in
            #expect(throws: ActionError.badResultKey(key)) { try action.setResults([key: "v"]) }
        }
        #expect(output.error == nil)
    }

    @Test func `debug lines do not end up in an action's standard output`() throws {
        let output = try run { _, model in model.log.debug("hidden") }
        #expect(output.debugLines.isEmpty)
        #expect(output.log == [Log.Line(level: .debug, text: "hidden")])
    }

    @Test func `an action nobody looks at completes`() throws {
        let output = try CharmTest { _ in TestCharm { _ in } }
            .run(.action(ActionEvent(name: "other", id: "1")), in: World())
        #expect(output.error == nil)
        #expect(output.action?.failure == nil)
    }

    @Test func `a hook has no action to answer`() throws {
        let output = try CharmTest { _ in TestCharm { $0.on(.start) { event, _ in _ = try event.requireAction() } } }
            .run(.start, in: World())
        #expect(output.error as? EventError == .notAnAction(event: "start"))
    }
}
