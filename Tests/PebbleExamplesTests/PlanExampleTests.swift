// SPDX-License-Identifier: Apache-2.0
import PebbleExamples
import PebblePlan
import Testing

@Suite struct PlanExampleTests {
    @Test func `a layer is laid over another`() throws {
        let base = "services: {web: {override: replace, command: web, environment: {A: '1'}}}"
        let site = "services: {web: {override: merge, startup: enabled, environment: {B: '2'}}}"
        let plan = try combined(base, site)
        #expect(
            plan == """
                services:
                    web:
                        startup: enabled
                        override: replace
                        command: web
                        environment:
                            A: "1"
                            B: "2"

                """
        )
    }

    @Test func `all problems of a layer are told with their lines`() {
        #expect(problems(in: "services: {web: {override: replace, command: web}}") == nil)
        let report = problems(
            in: """
                services:
                    web:
                        override: replace
                        command: web
                        kill-delay: soon
                    db:
                        override: replace
                        command: db
                        on-failure: explode
                """
        )
        let lines = (report ?? "").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasPrefix("line ") })
    }

    @Test func `a layer made by a program is one that can be read`() throws {
        let made = webLayer(port: 8080)
        let read = try Layer.parse(yaml: made.yaml(), label: "web")
        #expect(read == made)
    }

    @Test func `lanes hold what requires each other`() throws {
        var plan = Plan()
        for name in ["db", "web", "mail"] {
            plan.services[name] = Service(name: name, override: .replace, command: name)
        }
        plan.services["web"]?.requires = ["db"]
        plan.services["web"]?.after = ["db"]
        let text = try order(of: ["web", "mail"], in: plan)
        #expect(text == "db, then web; mail")
    }

    @Test func `arguments in brackets can be others`() throws {
        let standing = try words(of: "web --log 'a b' [ --port 80 ]")
        let other = try words(of: "web --log 'a b' [ --port 80 ]", with: ["--port", "81"])
        #expect(standing == ["web", "--log", "a b", "--port", "80"])
        #expect(other == ["web", "--log", "a b", "--port", "81"])
    }

    @Test func `layers are found by their names`() throws {
        let paths = try layerPaths(["001-base.yaml", "002-site.d/", "README"]) { directory in
            directory == "002-site.d" ? ["010-extra.yaml"] : []
        }
        #expect(paths == ["1000 base 001-base.yaml", "2010 site/extra 002-site.d/010-extra.yaml"])
    }
}
