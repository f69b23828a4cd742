// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import MetricsText
import OneMachine

/// What the operator's own people look at.
extension EndToEndTests {
    private func metrics(_ port: Int) throws -> MetricsDocument {
        let outcome = try SetupCommand(
            "/usr/bin/curl",
            ["-sSf", "--max-time", "20", "http://127.0.0.1:\(port)/metrics"]
        ).run()
        try ensure(outcome.succeeded, outcome.lastLines.joined(separator: " "))
        return try MetricsDocument(outcome.standardOutput)
    }

    /// The sum over all series of a name, nil where there is none.
    private func sum(_ document: MetricsDocument, _ name: String, _ labels: LabelSet = [:]) -> Double? {
        let samples = document.samples(name, labels)
        return samples.isEmpty ? nil : samples.map(\.value).reduce(0, +)
    }

    func readMetrics(_ journey: Journey) throws {
        try countRequests(journey)
        try countConnections(journey)
        if journey["mailed"] == "yes" { try countTasks(journey) }
    }

    /// uWSGI's total grows by exactly as many requests as are made, whatever its own re-sending of totals looks like.
    private func countRequests(_ journey: Journey) throws {
        let names = try metrics(9102).samples.map(\.name).filter { $0.contains("requests") }
        journey.note("StatsD series about requests: \(Set(names).sorted())")
        let before = try steadyRequests()
        let asked = 25
        for _ in 0..<asked { _ = try journey.browser.get("/ping") }
        let after = try eventually("\(asked) more requests on 9102", within: .seconds(30)) {
            let now = try steadyRequests()
            return now >= before + Double(asked) ? now : nil
        }
        // The readiness check asks for /ping as well, every ten seconds.
        try ensure(after - before < Double(asked) + 15, "9102 counted \(after - before) requests, \(asked) were made")
    }

    private func steadyRequests() throws -> Double {
        let document = try metrics(9102)
        for name in ["uwsgi_worker_requests_total", "uwsgi_requests_total", "uwsgi_worker_requests", "uwsgi_requests"] {
            if let value = sum(document, name) { return value }
        }
        throw Failure("9102 tells no requests of uWSGI")
    }

    private func countConnections(_ journey: Journey) throws {
        func total() throws -> Double {
            let document = try metrics(9113)
            guard document.value("nginx_up") == 1 else { throw Failure("9113 says nginx is down") }
            guard let value = document.value("nginx_http_requests_total") else {
                throw Failure("9113 tells no requests")
            }
            return value
        }
        let before = try total()
        for _ in 0..<10 { _ = try journey.browser.get("/ping") }
        let after = try total()
        try ensure(after >= before + 10, "9113 counted \(after - before) requests, 10 were made")
    }

    private func countTasks(_ journey: Journey) throws {
        _ = try eventually("a succeeded send_email on 9808", within: .seconds(30)) {
            let document = try metrics(9808)
            let mails = sum(document, "celery_task_succeeded_total", ["name": "send_email"])
            return (mails ?? 0) >= 1 ? true : nil
        }
        // The worker was started anew when the relation went; it says so by its next heartbeat.
        _ = try eventually("a worker that is up on 9808", within: .seconds(60)) {
            (try sum(metrics(9808), "celery_worker_up") ?? 0) >= 1 ? true : nil
        }
    }

    func changeOption(_ journey: Journey) throws {
        let address = "help-\(Int.random(in: 1000...9999))@example.com"
        let load = try SteadyLoad(paths: ["/ping", "/contact", "/ping", "/"], interval: .milliseconds(250))
        _ = try eventually("some visitors", within: .seconds(20)) { load.current.asked > 10 ? true : nil }
        try journey.machine.run(["config", "indico_public_support_email=\(address)", "default_timezone=Europe/Zurich"])
        _ = try eventually("\(address) on the contact page", within: .seconds(400)) {
            try journey.browser.get("/contact").body.contains(address) ? true : nil
        }
        try journey.machine.settle()
        let result = try load.stop()
        journey.note("\(result.asked) visitors came during the change")
        try ensure(
            result.failures.isEmpty,
            "\(result.failures.count) of \(result.asked) failed: \(result.failures.prefix(5))"
        )
        let value = try journey.machine.run(["config", "indico_public_support_email"])
        try ensure(value == address + "\n", "config says \(value)")
    }

    /// uWSGI starts all workers anew for this, with visitors led to a stand-in meanwhile.
    func changeWorkers(_ journey: Journey) throws {
        let load = try SteadyLoad(paths: ["/ping", "/contact", "/ping", "/"], interval: .milliseconds(250))
        _ = try eventually("some visitors", within: .seconds(20)) { load.current.asked > 10 ? true : nil }
        try journey.machine.run(["config", "workers=2"])
        _ = try eventually("two workers", within: .seconds(400)) {
            journey.machine.processes().count { $0.commandLine.hasPrefix("indico uWSGI worker") } == 2 ? true : nil
        }
        try journey.machine.settle()
        let result = try load.stop()
        journey.note("\(result.asked) visitors came during the change")
        try ensure(
            result.failures.isEmpty,
            "\(result.failures.count) of \(result.asked) failed: \(result.failures.prefix(5))"
        )
        let standIns = journey.machine.processes().filter { $0.commandLine.hasPrefix("indico-stand-in") }
        try ensure(standIns.isEmpty, "the stand-in still runs: \(standIns.map(\.pid))")
    }

    func lookAround(_ journey: Journey) throws {
        journey.note(try journey.machine.run(["status"]))
        let yaml = try journey.machine.run(["status", "--format", "yaml"])
        try ensure(yaml.contains("workload: "), "no YAML: \(yaml.prefix(200))")
        try ensure(try !journey.machine.run(["logs", "-n", "50"]).isEmpty, "no service has said anything")
        try ensure(
            try journey.machine.run(["exec", "indico", "--", "echo", "here"]) == "here\n",
            "exec says something else"
        )
        let failing = try journey.machine.attempt(["exec", "indico", "--", "/bin/sh", "-c", "exit 7"])
        try ensure(failing.exit == .exited(code: 7), "exec of exit 7: \(failing.exit)")
        let misuse = try journey.machine.attempt(["config", "no_such_option=1"])
        try ensure(misuse.exit == .exited(code: 2), "an unknown option: \(misuse.exit)")
        // Secrets stay out of what everybody on the machine can see.
        let credentials = try Credentials.ensure(in: journey.machine.state)
        for process in journey.machine.processes() {
            for secret in [credentials.postgresql, credentials.redisCache, credentials.redisBroker] {
                try ensure(!process.commandLine.contains(secret), "a password is in the arguments of \(process.pid)")
            }
        }
    }
}
