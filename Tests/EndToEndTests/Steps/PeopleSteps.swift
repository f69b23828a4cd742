// SPDX-License-Identifier: Apache-2.0
import OneMachine

/// What people do with Indico.
extension EndToEndTests {
    static let administrator = "chair@example.com"
    static let password = "Sw1ftly-arranged"

    func upAgain(_ journey: Journey) throws {
        try journey.machine.settle()
        let before = journey.machine.processes().map(\.pid)
        let began = ContinuousClock.now
        journey.note(try journey.machine.run(["up"]))
        let took = ContinuousClock.now - began
        // No assertion of speed, as machines differ; the number is kept.
        journey.note("up again took \(Journey.seconds(took)) s")
        let after = journey.machine.processes()
        let restarted = before.filter { pid in !after.contains { $0.pid == pid } }
        // Checks come and go; what was there for long has to stay.
        let long = ["postgres", "redis-server", "uwsgi", "nginx: master", "pebble", "celery"]
        let lost = restarted.filter { pid in long.contains { ProcessEntry(pid: pid).commandLine.contains($0) } }
        try ensure(lost.isEmpty, "restarted: \(lost)")
    }

    func knockAsStranger(_ journey: Journey) throws {
        let here = try journey.browser.get("/bootstrap").status
        try ensure(here == 200, "on the machine itself the page answers with \(here)")
        let elsewhere = try journey.browser.get("/bootstrap", from: "127.0.0.2").status
        try ensure(elsewhere == 403, "to another address the page answers with \(elsewhere)")
    }

    func addAdministrator(_ journey: Journey) throws {
        let output = try journey.machine.run(
            ["run", "add-admin", "email=\(Self.administrator)"],
            input: Self.password + "\n"
        )
        journey.note(output)
        try ensure(!output.contains(Self.password), "the password is in the answer")
        let log = try journey.machine.run(["debug-log", "-n", "1000"])
        try ensure(!log.contains(Self.password), "the password is in the debug log")
    }

    func logIn(_ journey: Journey) throws {
        guard let token = try journey.browser.get("/login/").token else { throw Failure("the login form has no token") }
        let page = try journey.browser.post(
            "/login/",
            [
                ("csrf_token", token), ("identifier", Self.administrator), ("password", Self.password),
                ("_provider", "indico"),
            ]
        )
        try ensure(page.status == 302, "the login answers with \(page.status)")
        try beKnown(journey)
    }

    /// The site knows the administrator by the session's cookie.
    func beKnown(_ journey: Journey) throws {
        let user = try journey.browser.get("/api/user/").body
        try ensure(user.contains("\"admin\":true"), "the site takes us for \(user)")
    }

    func createEvent(_ journey: Journey) throws {
        guard let token = try journey.browser.get("/").token else { throw Failure("the home page has no token") }
        let prefix = "event-creation-"
        let fields = [
            ("csrf_token", token), ("category", "{\"id\":0,\"title\":\"Home\"}"), ("title", "A day on one machine"),
            ("start_dt", "27/11/2031"), ("start_dt", "10:00"), ("end_dt", "27/11/2031"), ("end_dt", "18:00"),
            ("timezone", "UTC"), ("location_data", "{\"address\":\"\",\"inheriting\":false}"),
            ("protection_mode", "inheriting"), ("create_booking", "false"),
        ]
        let page = try journey.browser.post(
            "/event/create/meeting",
            fields.map { (prefix + $0.0, $0.1) },
            headers: ["X-Requested-With: XMLHttpRequest", "X-CSRF-Token: \(token)"]
        )
        guard let start = page.body.firstRange(of: "/event/"), page.body.contains("\"success\":true") else {
            throw Failure("the event is not created: \(page.status) \(page.body.prefix(2000))")
        }
        journey["event"] = "/event/" + page.body[start.upperBound...].prefix { $0.isNumber } + "/"
        try findEvent(journey)
    }

    func findEvent(_ journey: Journey) throws {
        let page = try eventually("the event's page", within: .seconds(30)) {
            let page = try journey.browser.get(journey["event"])
            return page.status == 200 ? page : nil
        }
        try ensure(page.body.contains("A day on one machine"), "\(journey["event"]) is another page")
    }

    func sendMail(_ journey: Journey) throws {
        let sink = try MailSink(scratch: journey.machine.scratch)
        try journey.machine.run(["integrate", "smtp", "--host", "127.0.0.1", "--port", "\(sink.port)"])
        try journey.machine.settle()
        let visitor = Browser(jar: journey.machine.scratch + "/visitor")
        _ = try eventually("the mail", within: .seconds(120)) {
            if sink.mails.contains("TO \(Self.administrator)") { return true }
            guard let token = try visitor.get("/reset-password/").token else { return nil }
            let page = try visitor.post("/reset-password/", [("csrf_token", token), ("email", Self.administrator)])
            guard page.status == 302 else { throw Failure("the form answers with \(page.status)") }
            return try? eventually("one mail", within: .seconds(20)) { sink.mails.isEmpty ? nil : true }
        }
        journey["mailed"] = "yes"
        try followRequest(journey.machine)
        try interruptMail(sink, visitor, journey.machine)
        // Taken away again: later steps kill Celery, and nobody listens there any more.
        try journey.machine.run(["remove-relation", "smtp"])
        try journey.machine.settle()
    }

    /// The mail's task, which Celery did, bears the name nginx gave the request that asked for it.
    private func followRequest(_ machine: Machine) throws {
        func lines(_ path: String) throws -> [Substring] {
            try (FileStore.text(machine.state.root + path) ?? "").split(separator: "\n")
        }
        _ = try eventually("the request in the lines of its task", within: .seconds(30)) { () -> Bool? in
            let asked = try lines("/var/log/nginx/access.log").last {
                $0.contains(#""method":"POST","uri":"/reset-password/""#)
            }
            guard let asked, let mark = asked.firstRange(of: #""request_id":""#) else { return nil }
            let name = asked[mark.upperBound...].prefix(32)
            let task = try lines("/srv/indico/log/indico.log").first {
                $0.contains(#""request_id": "\#(name)""#) && $0.contains(#""task": "send_email""#)
            }
            return task == nil ? nil : true
        }
    }

    /// Stops Celery while a mail goes out: the mail arrives, as a task that has begun is off the queue.
    private func interruptMail(_ sink: MailSink, _ visitor: Browser, _ machine: Machine) throws {
        let before = sink.mails.split(separator: "TO ").count
        try sink.beSlow()
        guard let token = try visitor.get("/reset-password/").token else { throw Failure("the form has no token") }
        let page = try visitor.post("/reset-password/", [("csrf_token", token), ("email", Self.administrator)])
        try ensure(page.status == 302, "the form answers with \(page.status)")
        _ = try eventually("the beginning of another mail", within: .seconds(60)) { sink.hasBegun ? true : nil }
        let outcome = try SetupCommand(
            machine.state.program(.pebble),
            ["restart", "celery-worker"],
            environment: ["PEBBLE_SOCKET": machine.state.socket(.indico)]
        ).run()
        try ensure(outcome.succeeded, outcome.lastLines.joined(separator: "\n"))
        let after = sink.mails.split(separator: "TO ").count
        try ensure(after > before, "the mail under way was lost when Celery was stopped")
    }
}
