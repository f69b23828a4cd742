// SPDX-License-Identifier: Apache-2.0

extension Plan {
    /// Checks what only the layers together show.
    ///
    /// - Throws: ``PlanError`` with every problem.
    public func validate() throws(PlanError) {
        var problems: [PlanProblem] = []
        for (_, service) in services.sorted(by: { $0.key < $1.key }) {
            problems += self.problems(of: service)
        }
        for (_, check) in checks.sorted(by: { $0.key < $1.key }) {
            problems += self.problems(of: check)
        }
        for (_, target) in logTargets.sorted(by: { $0.key < $1.key }) {
            problems += self.problems(of: target)
        }
        do throws(PlanError) {
            _ = try startLanes(services.keys)
        } catch {
            problems += error.problems
        }
        if let error = PlanError(problems) { throw error }
    }

    private func problems(of service: Service) -> [PlanProblem] {
        let path = "services.\(service.name)"
        var problems: [PlanProblem] = []
        if service.command == nil {
            let message = "plan must define \"command\" for service \"\(service.name)\""
            problems.append(PlanProblem(message: message, path: "\(path).command"))
        }
        guard let workload = service.workload else { return problems }
        if workloads[workload] == nil {
            let message = "workload \"\(workload)\": not defined for service \"\(service.name)\""
            problems.append(PlanProblem(message: message, path: "\(path).workload"))
        }
        if service.userID != nil || service.user != nil || service.groupID != nil || service.group != nil {
            let message = "workload \"\(workload)\": service \"\(service.name)\" cannot set user or group itself"
            problems.append(PlanProblem(message: message, path: "\(path).user"))
        }
        return problems
    }

    private func problems(of check: Check) -> [PlanProblem] {
        let path = "checks.\(check.name)"
        var problems: [PlanProblem] = []
        func add(_ message: String, _ field: String = "") {
            problems.append(PlanProblem(message: message, path: path + field))
        }
        let kinds = [check.http != nil, check.tcp != nil, check.exec != nil].filter { $0 }.count
        if kinds != 1 {
            add("plan must specify one of \"http\", \"tcp\", or \"exec\" for check \"\(check.name)\"")
        }
        if let http = check.http, http.url == nil {
            add("plan must set \"url\" for http check \"\(check.name)\"", ".http.url")
        }
        if let tcp = check.tcp, (tcp.port ?? 0) == 0 {
            add("plan must set \"port\" for tcp check \"\(check.name)\"", ".tcp.port")
        }
        if let exec = check.exec {
            if exec.command == nil {
                add("plan must set \"command\" for exec check \"\(check.name)\"", ".exec.command")
            }
            if let context = exec.serviceContext, services[context] == nil {
                let reason = "service context specifies non-existent service \"\(context)\""
                add("plan check \"\(check.name)\" \(reason)", ".exec.service-context")
            }
        }
        return problems
    }

    private func problems(of target: LogTarget) -> [PlanProblem] {
        let path = "log-targets.\(target.name)"
        var problems: [PlanProblem] = []
        if target.type == nil {
            let types = "(\"loki\", \"opentelemetry\" or \"syslog\")"
            let message = "plan must define \"type\" \(types) for log target \"\(target.name)\""
            problems.append(PlanProblem(message: message, path: "\(path).type"))
        }
        if target.location == nil {
            let message = "plan must define \"location\" for log target \"\(target.name)\""
            problems.append(PlanProblem(message: message, path: "\(path).location"))
        }
        for entry in target.services {
            let name = entry.hasPrefix("-") ? String(entry.dropFirst()) : entry
            if name != "all" && services[name] == nil {
                let message = "log target \"\(target.name)\" specifies unknown service \"\(name)\""
                problems.append(PlanProblem(message: message, path: "\(path).services"))
            }
        }
        return problems
    }
}
