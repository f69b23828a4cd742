// SPDX-License-Identifier: Apache-2.0
import PebblePlan
import SeededTesting
import Testing

@Suite struct OrderingTests {
    @Test func `lanes come of requires, their order of before and after`() throws {
        let plan = plan([
            "web": (requires: ["db", "cache"], after: ["db"]), "db": ([], []), "cache": ([], ["db"]),
            "alone": ([], ["web"]),
        ])
        #expect(try plan.startLanes(["web", "alone"]) == [["alone"], ["db", "cache", "web"]])
        #expect(try plan.startLanes(["db"]) == [["db"]])
        #expect(try plan.stopLanes(["db"]) == [["web", "db"]])
        #expect(try plan.stopLanes(["db"], withDependants: false) == [["db"]])
        #expect(try plan.stopLanes(["web"]) == [["web"]])
    }

    @Test func `what is required starts first when nothing else is said`() throws {
        let plan = plan(["a": (["z"], []), "z": ([], [])])
        #expect(try plan.startLanes(["a"]) == [["z", "a"]])
        #expect(try plan.stopLanes(["z"]) == [["a", "z"]])
    }

    @Test func `services that require each other still have an order`() throws {
        let plan = plan(["a": (["b"], []), "b": (["a"], [])])
        #expect(try plan.startLanes(["a"]).flatMap { $0 }.sorted() == ["a", "b"])
    }

    @Test func `a loop names only those in it`() {
        let plan = plan(["a": ([], ["b"]), "b": ([], ["a"]), "c": ([], ["a"]), "d": ([], [])])
        #expect(throws: PlanError(PlanProblem(message: "services in before/after loop: a, b", path: "services"))) {
            try plan.startLanes(["a", "b", "c", "d"])
        }
    }

    @Test func `an unknown service is named`() {
        #expect(throws: PlanError(PlanProblem(message: "service \"zzz\" does not exist", path: "services.zzz"))) {
            try plan(["a": ([], [])]).startLanes(["a", "zzz"])
        }
    }

    @Test func `any plan without loops starts after what it waits for, each service once`() throws {
        var generator = SeededGenerator()
        for _ in 0..<300 {
            let names = (0..<8).map { "s\($0)" }.shuffled(using: &generator)
            var services: [String: (requires: [String], after: [String])] = [:]
            for (index, name) in names.enumerated() {
                let earlier = names[..<index]
                services[name] = (
                    earlier.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 },
                    earlier.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 }
                )
            }
            let plan = plan(services)
            let lanes = try plan.startLanes(names)
            #expect(lanes.flatMap { $0 }.sorted() == names.sorted())
            for lane in lanes {
                for (index, name) in lane.enumerated() {
                    let waits = services[name]?.after.filter(lane.contains) ?? []
                    #expect(waits.allSatisfy(lane[..<index].contains))
                    #expect(services[name]?.requires.allSatisfy(lane.contains) == true)
                }
            }
        }
    }

    private func plan(_ services: [String: (requires: [String], after: [String])]) -> Plan {
        var plan = Plan()
        for (name, edges) in services {
            var service = Service(name: name, override: .replace, command: "x")
            service.requires = edges.requires
            service.after = edges.after
            plan.services[name] = service
        }
        return plan
    }
}

@Suite struct LogTargetTests {
    @Test func `the last entry that fits decides`() {
        var target = LogTarget(name: "t")
        #expect(!target.takes(service: "a"))
        target.services = ["all", "-a"]
        #expect(!target.takes(service: "a"))
        #expect(target.takes(service: "b"))
        target.services = ["-all", "a"]
        #expect(target.takes(service: "a"))
        #expect(!target.takes(service: "b"))
    }
}

@Suite struct ServiceCommandTests {
    @Test(arguments: [
        ("a b  c", ["a", "b", "c"]),
        (#"sh -c "echo \"x\" \$y" 'it''s' "" '' "#, ["sh", "-c", #"echo "x" $y"#, "its", "", ""]),
        (#"a\ b c\"# + "\\", ["a b", "c\\"]),
        ("a #not this\nb", ["a", "b"]),
        ("a#b", ["a#b"]),
    ])
    func `words are split as a shell does, and nothing is expanded`(text: String, words: [String]) throws {
        #expect(try ServiceCommand(parsing: text).words == words)
    }

    @Test func `default arguments stand apart`() throws {
        let command = try ServiceCommand(parsing: "run --fast [ --port 80 'a b' ]")
        #expect(command.words == ["run", "--fast"])
        #expect(command.defaultArguments == ["--port", "80", "a b"])
        #expect(command.description == "run --fast [ --port 80 'a b' ]")
    }

    @Test(arguments: ["a '", "a \"", "a \\", "", "[ a ]", "a [ b", "a ]", "a [ b ] c", "a [ [ b ] ]"])
    func `a command that makes no sense is refused`(text: String) {
        #expect(throws: CommandError.self) { try ServiceCommand(parsing: text) }
    }

    @Test func `any words come back after quoting`() throws {
        var generator = SeededGenerator()
        let pieces = ["a", " ", "'", "\"", "\\", "#", "$", "\n", "é", "-", "\u{301}"]
        for _ in 0..<2000 {
            let words = (0..<3).map { _ in
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? ""
                }.joined()
            }
            let command = ServiceCommand(words: ["x"] + words, defaultArguments: words)
            #expect(try ServiceCommand(parsing: command.description) == command)
        }
    }
}

@Suite struct LayerFileTests {
    @Test func `files are ordered by number, sub-directories in their place, other names ignored`() throws {
        let names = ["020-top.yaml", "001-base.yaml", "010-many.d/", "README.md", "notes/"]
        let inside = ["many": [], "010-many.d": ["002-two.yaml", "001-one.yaml", "x.txt", "deep/"]]
        let found = try LayerFile.find(names: names) { inside[$0] ?? [] }
        #expect(
            found.map(\.path) == [
                "001-base.yaml", "010-many.d/001-one.yaml", "010-many.d/002-two.yaml", "020-top.yaml",
            ]
        )
        #expect(found.map(\.label) == ["base", "many/one", "many/two", "top"])
        #expect(found.map(\.order) == [1000, 10001, 10002, 20000])
    }

    @Test(arguments: [
        "base.yaml", "1-base.yaml", "001-.yaml", "001-ab.yaml", "001-Base.yaml", "001-a--b.yaml", "001_base.yaml",
        "001-base-.yaml", "01-base.yaml", "001-1ab.yaml",
    ])
    func `a bad name is refused`(name: String) {
        #expect(throws: PlanError.self) { try LayerFile.find(names: [name]) { _ in [] } }
    }

    @Test func `a number or label used twice is refused`() {
        #expect(throws: PlanError.self) { try LayerFile.find(names: ["001-one.yaml", "001-two.yaml"]) { _ in [] } }
        #expect(throws: PlanError.self) { try LayerFile.find(names: ["001-one.yaml", "002-one.yaml"]) { _ in [] } }
    }
}
