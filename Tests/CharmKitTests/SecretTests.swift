// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct SecretTests {
    private func run(in world: World, _ body: @escaping (Model) throws -> Void) throws -> Output {
        let output = try CharmTest { _ in TestCharm { $0.on(.start) { _, model in try body(model) } } }
            .run(.start, in: world)
        if let error = output.error { throw error }
        return output
    }

    private var world: World {
        var world = World(isLeader: true)
        world.relations = [RelationState("database", id: 1, remoteApplication: "postgresql")]
        world.secrets = [
            SecretState(
                id: "secret:user1",
                owner: .other(isGranted: true),
                revisions: [["password": "one"], ["password": "two"]],
                trackedRevision: 1
            ),
            SecretState(id: "secret:later1", owner: .other(isGranted: false), revisions: [["password": "x"]]),
        ]
        return world
    }

    @Test func `tracked, peeked and refreshed contents differ as in juju`() throws {
        let output = try run(in: world) { (model: Model) throws in
            let secret = model.secret(id: "secret:user1")
            #expect(try secret.content() == ["password": "one"])
            #expect(try secret.content(.peek) == ["password": "two"])
            #expect(try secret.content() == ["password": "one"])
            #expect(try secret.content(.refresh) == ["password": "two"])
            #expect(try secret.content() == ["password": "two"])
        }
        #expect(output.world.secret("secret:user1")?.trackedRevision == 2)
        #expect(output.count(.secretGet) == 3)
    }

    @Test func `a label given once finds the secret later`() throws {
        let output = try run(in: world) { model in
            _ = try model.secret(id: "secret:user1", label: "db").content()
            #expect(try model.secret(label: "db").content() == ["password": "one"])
        }
        #expect(output.world.secret("db")?.id == "secret:user1")
    }

    @Test func `a secret that is not there and one not granted are told apart`() throws {
        _ = try run(in: world) { model in
            let missing = #expect(throws: HookToolError.self) { try model.secret(id: "secret:none").content() }
            #expect(missing?.kind == .secretNotFound)
            let refused = #expect(throws: HookToolError.self) { try model.secret(id: "secret:later1").content() }
            #expect(refused?.kind == .accessDenied)
        }
    }

    @Test func `a new secret is granted, read back and never in an argument`() throws {
        let output = try run(in: world) { model in
            let secret = try model.addSecret(["secret-key": "s3cr3t=\nvalue"], label: "key", rotation: .monthly)
            #expect(try secret.content() == ["secret-key": "s3cr3t=\nvalue"])
            let relation = try #require(try model.relation("database"))
            try secret.grant(to: relation)
            try relation.set(["secret-id": try #require(secret.id)], in: .ownApplication)
            #expect(try secret.info().rotation == .monthly)
        }
        let added = try #require(output.world.secret("key"))
        #expect(added.content == ["secret-key": "s3cr3t=\nvalue"])
        #expect(added.owner == .application)
        #expect(added.grants == [1: [nil]])
        #expect(output.world.relations[0].ownApplicationData["secret-id"] == added.id)
        #expect(output.toolCalls.allSatisfy { call in !call.arguments.contains { $0.contains("s3cr3t") } })
    }

    @Test func `setting the content a secret has makes no revision`() throws {
        var world = world
        world.secrets = [SecretState(id: "secret:own1", owner: .application, revisions: [["key": "v"]], label: "own")]
        let output = try run(in: world) { model in
            try model.secret(label: "own").set(["key": "v"])
            try model.secret(id: "secret:own1").set(["key": "w"])
            #expect(try model.secret(id: "secret:own1").content() == ["key": "w"])
        }
        #expect(output.count(.secretSet) == 1)
        #expect(output.world.secret("own")?.revisions == [["key": "v"], ["key": "w"]])
    }

    @Test func `what the agent would refuse is refused at the call`() throws {
        var world = world
        world.isLeader = false
        _ = try run(in: world) { model in
            #expect(throws: SecretError.notLeader) { try model.addSecret(["key": "v"]) }
            #expect(throws: SecretError.empty) { try model.addSecret([:], owner: .unit) }
            for key in ["ab", "Key", "1key", "a--b", "key-", "k_y"] {
                #expect(throws: SecretError.badKey(key)) { try model.addSecret([key: "v"], owner: .unit) }
            }
        }
    }

    @Test(arguments: ["--label=x", "secret:", "secret:a b", "", "secret://only-model", "a/b/c", "secret:x\n"])
    func `what another wrote as an id is not an id`(text: String) {
        #expect(!Secret.isID(text))
    }

    @Test(arguments: ["secret:9m4e2mr0ui3e8a215n4g", "9m4e2mr0ui3e8a215n4g", "secret://f3a1b2c4-5d6e/9m4e2mr0"])
    func `the forms of an id juju uses are ids`(text: String) {
        #expect(Secret.isID(text))
    }

    private var owning: World {
        var world = world
        var secret = SecretState(id: "secret:own1", owner: .unit, revisions: [["key": "a"]], label: "own")
        (secret.description, secret.rotation, secret.expiry) = ("old", .daily, "2030-01-01T00:00:00Z")
        world.secrets.append(secret)
        return world
    }

    @Test func `a change of some of a secret leaves the rest, in one call`() throws {
        let output = try run(in: owning) { model in
            try model.secret(id: "secret:own1").update(content: ["key": "b"], description: "new")
        }
        let secret = try #require(output.world.secret("secret:own1"))
        #expect(secret.content == ["key": "b"])
        #expect(secret.description == "new")
        #expect(secret.rotation == .daily)
        #expect(secret.expiry == "2030-01-01T00:00:00Z")
        #expect(secret.label == "own")
        #expect(output.count(.secretSet) == 1)
        #expect(output.count(.secretInfoGet) == 0)
    }

    @Test func `a content the secret has makes no call to set it`() throws {
        let output = try run(in: owning) { try $0.secret(id: "secret:own1").update(content: ["key": "a"]) }
        #expect(output.count(.secretSet) == 0)
    }

    @Test func `before juju 3.6, which forgets what a call leaves out, all of it is sent again`() throws {
        var world = owning
        world.jujuVersion = JujuVersion(major: 3, minor: 4)
        let output = try run(in: world) { try $0.secret(id: "secret:own1").set(["key": "b"]) }
        let secret = try #require(output.world.secret("secret:own1"))
        #expect(secret.content == ["key": "b"])
        #expect(secret.description == "old")
        #expect(secret.rotation == .daily)
        #expect(secret.label == "own")
        let call = try #require(output.toolCalls.last { $0.tool == .secretSet })
        #expect(call.arguments.contains("--owner"))
        #expect(call.arguments.contains("unit"))
    }

    @Test func `an owner reads what is known of a secret, its grants too`() throws {
        _ = try run(in: owning) { model in
            let secret = model.secret(id: "secret:own1")
            try secret.grant(to: try #require(try model.relation("database")))
            let info = try secret.info()
            #expect(info.owner == .unit)
            #expect(info.expiry == "2030-01-01T00:00:00Z")
            #expect(
                info.access == [
                    .init(target: "application-postgresql", scope: "relation-database:1", role: "view")
                ]
            )
        }
    }
}
