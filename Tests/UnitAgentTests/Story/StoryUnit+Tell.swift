// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import Testing

@testable import UnitAgent

extension StoryUnit {
    /// Everything the story's charm left behind, chapter by chapter.
    struct Chronicle: Equatable {
        var chapters: [Chapter] = []
        var actions: [ActionResult] = []
        /// What only the unit's last hook can say: its stored state.
        var lastWords = ""
        /// Which hooks and actions there were, in the order they first came.
        var events: Set<String> = []
    }

    /// Lives the whole story and returns what is left of it.
    func tell() async throws -> Chronicle {
        var chronicle = Chronicle()
        try await run { client in
            try await begin(client, &chronicle)
            let pebble = try startPebble()
            do {
                try await useContainer(&chronicle)
                try await relate(client, &chronicle)
                try await keepSecrets(client, &chronicle)
                try await act(&chronicle)
                try await attach(client, &chronicle)
                try await part(client, &chronicle)
            } catch {
                try await end(pebble)
                throw error
            }
            try await end(pebble)
        }
        chronicle.lastWords = unit.directory.read("workload/removed")
        chronicle.events = Set(unit.events).subtracting(["update-status"])
        return chronicle
    }

    /// Waits for the end as well: a child nobody waits for stays, and keeps the testing library from seeing its own.
    private func end(_ pebble: ChildProcess) async throws {
        pebble.send(.terminate)
        _ = await pebble.exit()
    }

    private func begin(_ client: AgentControlClient, _ chronicle: inout Chronicle) async throws {
        try await settled("it has started") { self.unit.events.contains("start") }
        chronicle.chapters.append(try chapter("the first start, of which the charm has deferred a part"))
        try client.setConfig(["count": "4", "ratio": "2.5"])
        try await settled("the start is told again, and done") {
            try self.databag("friends", "tiny", of: "tiny")["starts"] == "2"
        }
        try await told("config", "hello 4 2.5 yes absent")
        chronicle.chapters.append(try chapter("options set, the deferred start done"))
        try client.setConfig(["loud": "false", "unset": "set"])
        try client.resetConfig(["count", "ratio"])
        try await told("config", "hello 3 0.5 no present")
        chronicle.chapters.append(try chapter("options reset"))
    }

    private func useContainer(_ chronicle: inout Chronicle) async throws {
        try await told("service", "active ready 2")
        try await notify("example.com/story", "who=me")
        try await told("notice", "example.com/story me")
        try unit.directory.write("", to: "workload/sick")
        try await told("check", "well down")
        chronicle.chapters.append(try chapter("a container with a file, commands, a notice and a failed check"))
        try unit.directory.delete("workload/sick")
        try await told("check", "well up again")
        chronicle.chapters.append(try chapter("the check has recovered"))
    }

    private func relate(_ client: AgentControlClient, _ chronicle: inout Chronicle) async throws {
        var postgres = Self.postgres
        try client.integrate(endpoint: "db", with: postgres)
        try await settled("pg is seen") {
            try self.databag("db", "pg", of: "tiny/0")["seen"] == "pg/0=a pg/1=b"
        }
        try client.integrate(endpoint: "db", with: RemoteApplication(name: "my", units: [0: ["host": "m"]]))
        try await settled("my is seen") { try self.databag("db", "my", of: "tiny/0")["seen"] == "my/0=m" }
        chronicle.chapters.append(try chapter("two relations of one endpoint"))

        postgres.databag["version"] = "16"
        try client.integrate(endpoint: "db", with: postgres)
        try await settled("a change of the application alone") {
            let databag = try self.databag("db", "pg", of: "tiny/0")
            return databag["version"] == "16" && databag["by"] == "application"
        }
        postgres.units = [1: ["host": "bb"], 2: ["host": "c"]]
        try client.integrate(endpoint: "db", with: postgres)
        try await settled("a unit gone, one come, one changed") {
            try self.databag("db", "pg", of: "tiny/0")["seen"] == "pg/1=bb pg/2=c"
        }
        chronicle.chapters.append(try chapter("databags and units of a relation changed"))

        postgres.secrets["user"] = ["username": "two", "password": "hidden"]
        try client.integrate(endpoint: "db", with: postgres)
        try await told("changed-user-pg", "one two two")
        chronicle.chapters.append(try chapter("a secret of the remote application has a new revision"))

        let friends = RemoteApplication(name: "tiny", units: [1: ["mood": "glad"], 2: ["mood": "sad"]])
        try client.integrate(endpoint: "friends", with: friends)
        try await told("mood", "tiny/2 sad")
        try client.integrate(
            endpoint: "friends",
            with: RemoteApplication(name: "tiny", units: [1: ["mood": "gladder"]])
        )
        try await told("mood", "tiny/1 gladder")
        try await told("friends", "tiny/1")
        chronicle.chapters.append(try chapter("peers joined, changed and departed"))
    }

    private func keepSecrets(_ client: AgentControlClient, _ chronicle: inout Chronicle) async throws {
        var web = RemoteApplication(name: "web", units: [0: [:]])
        try client.integrate(endpoint: "site", with: web)
        try await settled("a token is granted") {
            try self.databag("site", "web", of: "tiny")["token"] != nil
                && self.unit.events.last == "site-relation-changed"
        }
        chronicle.chapters.append(try chapter("secrets made, one granted"))
        web.units[0] = ["renew": "yes"]
        try client.integrate(endpoint: "site", with: web)
        try await settled("it is renewed") { try self.databag("friends", "tiny", of: "tiny/0")["token"] != nil }
        chronicle.chapters.append(try chapter("a secret set anew"))
        advance(.seconds(31 * 86_400))
        // Nothing changes, but the agent looks at its clock.
        try client.resetConfig(["count"])
        try await told("rotated", "token")
        try await told("expired", "brief 1")
        try await told("removed", "token 2")
        chronicle.chapters.append(try chapter("a month later: rotated, expired, a revision removed"))
    }

    private func act(_ chronicle: inout Chronicle) async throws {
        for (name, parameters) in [
            ("greet", ["whom": "you"]), ("greet", ["whom": "all", "times": "7"]), ("greet", ["whom": "nobody"]),
            ("describe", [:]), ("half", [:]), ("break", [:]),
        ] {
            var (result, lines) = try await unit.run(action: name, parameters: parameters)
            // What it printed is each framework's own.
            for key in ["stdout", "stderr"] { result.results[key] = nil }
            result.log = lines
            chronicle.actions.append(result)
        }
        chronicle.chapters.append(try chapter("actions run"))
    }

    private func attach(_ client: AgentControlClient, _ chronicle: inout Chronicle) async throws {
        #expect(try client.addStorage("cache", count: 2) == ["cache/0", "cache/1"])
        try await told("caches", "2")
        try await settled("both are attached") { try client.status().storages.filter(\.isAttached).count == 3 }
        try client.detachStorage("cache/0")
        try await told("uncached", "cache/0")
        try await settled("one is gone") { try client.status().storages.map(\.id) == ["cache/1", "data/0"] }
        #expect(unit.directory.read("agent/storage/cache/0/kept") == "by the charm\n")
        chronicle.chapters.append(try chapter("storage attached and detached"))

        try unit.directory.write("good evening\n", to: "new-motd")
        try client.attachResource("motd", file: unit.directory.path + "/new-motd")
        try await told("motd", "good evening")
        try Self.fill("new-charm", of: unit, teller, version: "1.1")
        try client.refresh(charm: unit.directory.path + "/new-charm")
        try await told("upgraded", "1.1")
        #expect(try client.status().application.charmVersion == "1.1")
        chronicle.chapters.append(try chapter("a new resource and a new charm, without the agent starting again"))
    }

    private func part(_ client: AgentControlClient, _ chronicle: inout Chronicle) async throws {
        try client.removeRelation(endpoint: "db", application: "pg")
        try await told("broken-pg", "1")
        chronicle.chapters.append(try chapter("one of two relations removed"))
        chronicle.actions.append(try await unit.run(action: "forget").result.silent)
        try await settled("the token is gone") {
            try self.store.read { try $0.secrets().allSatisfy { $0.label != "token" } }
        }
        chronicle.chapters.append(try chapter("a secret revoked and removed"))
        try client.removeUnit()
        try await eventually("the agent ends") { !client.isReachable }
    }

    private static let postgres = RemoteApplication(
        name: "pg",
        databag: ["secret-user": .secret("user"), "version": "15"],
        units: [0: ["host": "a"], 1: ["host": "b"]],
        secrets: ["user": ["username": "one", "password": "hidden"]]
    )
}

extension ActionResult {
    /// Without what the framework printed.
    fileprivate var silent: ActionResult {
        var result = self
        for key in ["stdout", "stderr"] { result.results[key] = nil }
        return result
    }
}
