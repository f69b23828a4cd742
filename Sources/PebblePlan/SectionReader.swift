// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import YAMLTree

/// Reads the entries of one section of a layer and gathers what is wrong with them.
struct SectionReader {
    let section: String
    /// What YAML has against the entries, each with its line.
    var unmarshalProblems: [String] = []
    /// The node of the first of them.
    private(set) var firstProblem: YAMLNode?
    /// Texts that are no durations.
    private(set) var durationProblems: [(String, YAMLNode)] = []
    /// Everything else.
    private(set) var problems: [PlanProblem] = []

    init(section: String) {
        self.section = section
    }

    mutating func add(_ message: String, path: String, _ node: YAMLNode) {
        problems.append(PlanProblem(message: message, path: path, line: node.place?.line))
    }

    mutating func service(_ name: String, _ node: YAMLNode) -> Service {
        var fields = YAMLFields(node, kind: "plan.Service")
        var service = Service(name: name)
        service.summary = fields.nonEmptyString("summary")
        service.description = fields.nonEmptyString("description")
        service.startup = fields.nonEmptyString("startup").map(ServiceStartup.init(rawValue:))
        service.override = fields.nonEmptyString("override").map(Override.init)
        service.command = fields.nonEmptyString("command")
        service.after = fields.strings("after")
        service.before = fields.strings("before")
        service.requires = fields.strings("requires")
        service.workload = fields.nonEmptyString("workload")
        service.environment = fields.stringsByName("environment")
        service.userID = fields.integer("user-id")
        service.user = fields.nonEmptyString("user")
        service.groupID = fields.integer("group-id")
        service.group = fields.nonEmptyString("group")
        service.workingDirectory = fields.nonEmptyString("working-dir")
        service.onSuccess = action("on-success", &fields, of: name, node)
        service.onFailure = action("on-failure", &fields, of: name, node)
        for (check, word) in fields.stringsByName("on-check-failure").sorted(by: { $0.key < $1.key }) {
            service.onCheckFailure[check] = action(word, "on-check-failure", of: name, node)
        }
        service.backoffDelay = duration("backoff-delay", &fields)
        service.backoffFactor = fields.number("backoff-factor")
        service.backoffLimit = duration("backoff-limit", &fields)
        service.killDelay = duration("kill-delay", &fields)
        finish(fields, node)
        return service
    }

    private mutating func action(
        _ field: String,
        _ fields: inout YAMLFields,
        of service: String,
        _ node: YAMLNode
    ) -> ServiceAction? {
        fields.nonEmptyString(field).flatMap { action($0, field, of: service, node) }
    }

    private mutating func action(
        _ word: String,
        _ field: String,
        of service: String,
        _ node: YAMLNode
    ) -> ServiceAction? {
        if let action = ServiceAction(rawValue: word) { return action }
        let message = "plan service \"\(service)\" \(field) action \"\(word)\" invalid"
        add(message, path: "\(section).\(service).\(field)", node[field] ?? node)
        return nil
    }

    mutating func check(_ name: String, _ node: YAMLNode) -> Check {
        var fields = YAMLFields(node, kind: "plan.Check")
        var check = Check(name: name)
        check.override = fields.nonEmptyString("override").map(Override.init)
        check.level = fields.nonEmptyString("level").map(CheckLevel.init(rawValue:))
        check.startup = fields.nonEmptyString("startup").map(CheckStartup.init(rawValue:))
        check.period = duration("period", &fields)
        check.timeout = duration("timeout", &fields)
        check.threshold = fields.integer("threshold").flatMap { $0 == 0 ? nil : $0 }
        if let node = fields.node("http") {
            var fields = YAMLFields(node, kind: "plan.HTTPCheck")
            let url = fields.nonEmptyString("url")
            check.http = HTTPCheck(url: url, headers: fields.stringsByName("headers"))
            finish(fields, node)
        }
        if let node = fields.node("tcp") {
            var fields = YAMLFields(node, kind: "plan.TCPCheck")
            let port = fields.integer("port")
            check.tcp = TCPCheck(port: port, host: fields.nonEmptyString("host"))
            finish(fields, node)
        }
        check.exec = fields.node("exec").map { exec($0) }
        finish(fields, node)
        return check
    }

    private mutating func exec(_ node: YAMLNode) -> ExecCheck {
        var fields = YAMLFields(node, kind: "plan.ExecCheck")
        var exec = ExecCheck()
        exec.command = fields.nonEmptyString("command")
        exec.serviceContext = fields.nonEmptyString("service-context")
        exec.environment = fields.stringsByName("environment")
        exec.userID = fields.integer("user-id")
        exec.user = fields.nonEmptyString("user")
        exec.groupID = fields.integer("group-id")
        exec.group = fields.nonEmptyString("group")
        exec.workingDirectory = fields.nonEmptyString("working-dir")
        finish(fields, node)
        return exec
    }

    mutating func logTarget(_ name: String, _ node: YAMLNode) -> LogTarget {
        var fields = YAMLFields(node, kind: "plan.LogTarget")
        var target = LogTarget(name: name)
        if let word = fields.nonEmptyString("type") {
            target.type = LogTargetType(rawValue: word)
            if target.type == nil {
                let types = "must be \"loki\", \"opentelemetry\" or \"syslog\""
                let message = "log target \"\(name)\" has unsupported type \"\(word)\", \(types)"
                add(message, path: "\(section).\(name).type", node["type"] ?? node)
            }
        }
        target.location = fields.nonEmptyString("location")
        target.services = fields.strings("services")
        target.override = fields.nonEmptyString("override").map(Override.init)
        target.labels = fields.stringsByName("labels")
        finish(fields, node)
        return target
    }

    mutating func workload(_ name: String, _ node: YAMLNode) -> Workload {
        var fields = YAMLFields(node, kind: "workloads.Workload")
        var workload = Workload(name: name)
        workload.override = fields.nonEmptyString("override").map(Override.init)
        workload.environment = fields.stringsByName("environment")
        workload.userID = fields.integer("user-id")
        workload.user = fields.nonEmptyString("user")
        workload.groupID = fields.integer("group-id")
        workload.group = fields.nonEmptyString("group")
        finish(fields, node)
        return workload
    }

    private mutating func duration(_ field: String, _ fields: inout YAMLFields) -> Duration? {
        guard let node = fields.node(field) else { return nil }
        guard let text = node.text else {
            durationProblems.append(("duration must be a YAML string", node))
            return nil
        }
        if let duration = try? GoDuration(parsing: text) { return duration.duration }
        durationProblems.append(("invalid duration \"\(text)\"", node))
        return nil
    }

    private mutating func finish(_ fields: consuming YAMLFields, _ node: YAMLNode) {
        let found = fields.finish()
        if firstProblem == nil, let first = found.first {
            firstProblem = YAMLNode(node.content, place: first.place ?? node.place)
        }
        unmarshalProblems += found.map(\.line)
    }
}
