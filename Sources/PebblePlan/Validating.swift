// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

extension Layer {
    /// Checks what one layer shows alone.
    ///
    /// - Parameter accounts: the users and groups of the machine; nil to take names on trust.
    /// - Throws: ``PlanError`` with every problem.
    public func validate(accounts: AccountLookup? = nil) throws(PlanError) {
        var problems: [PlanProblem] = []
        if label.hasPrefix("pebble-") {
            problems.append(PlanProblem(message: "cannot use reserved label prefix \"pebble-\""))
        }
        for (_, service) in services.sorted(by: { $0.key < $1.key }) {
            problems += service.problems(accounts: accounts)
        }
        for (_, check) in checks.sorted(by: { $0.key < $1.key }) {
            problems += check.problems(accounts: accounts)
        }
        for (_, target) in logTargets.sorted(by: { $0.key < $1.key }) {
            problems += target.problems()
        }
        for (_, workload) in workloads.sorted(by: { $0.key < $1.key }) {
            problems += workload.problems(accounts: accounts)
        }
        if let error = PlanError(problems) { throw error }
    }
}

extension Service {
    fileprivate func problems(accounts: AccountLookup?) -> [PlanProblem] {
        let path = "services.\(name)"
        var problems: [PlanProblem] = []
        func add(_ message: String, _ field: String? = nil) {
            problems.append(PlanProblem(message: message, path: field.map { "\(path).\($0)" } ?? path))
        }
        if name.isEmpty { add("cannot use empty string as service name") }
        if name == "pebble" { add("cannot use reserved service name \"pebble\"") }
        if name.hasPrefix("-") { add("cannot use service name \"\(name)\": starting with \"-\" not allowed") }
        if let command {
            do throws(CommandError) {
                _ = try ServiceCommand(parsing: command)
            } catch {
                let reason = "cannot parse service \"\(name)\" command: \(error)"
                add("plan service \"\(name)\" command invalid: \(reason)", "command")
            }
        }
        if onSuccess == .successShutdown {
            add("plan service \"\(name)\" on-success action \"success-shutdown\" invalid", "on-success")
        }
        if onFailure == .failureShutdown {
            add("plan service \"\(name)\" on-failure action \"failure-shutdown\" invalid", "on-failure")
        }
        for (_, action) in onCheckFailure.sorted(by: { $0.key < $1.key }) where action == .failureShutdown {
            add("plan service \"\(name)\" on-check-failure action \"failure-shutdown\" invalid", "on-check-failure")
        }
        if let factor = backoffFactor, !(factor >= 1) {
            let shown = Int64(exactly: factor).map { String($0) } ?? "\(factor)"
            add("plan service \"\(name)\" backoff-factor must be 1.0 or greater, not \(shown)", "backoff-factor")
        }
        if let reason = accounts?.problem(ownership) {
            add("plan service \"\(name)\" has invalid user/group: \(reason)", "user")
        }
        return problems
    }
}

extension Check {
    fileprivate func problems(accounts: AccountLookup?) -> [PlanProblem] {
        let path = "checks.\(name)"
        var problems: [PlanProblem] = []
        func add(_ message: String, _ field: String? = nil) {
            problems.append(PlanProblem(message: message, path: field.map { "\(path).\($0)" } ?? path))
        }
        if name.isEmpty { add("cannot use empty string as check name") }
        if let level, level != .alive, level != .ready {
            add("plan check \"\(name)\" level must be \"alive\" or \"ready\"", "level")
        }
        if let startup, startup != .enabled, startup != .disabled {
            add("plan check \"\(name)\" startup must be \"enabled\" or \"disabled\"", "startup")
        }
        if period == .zero { add("plan check \"\(name)\" period must not be zero", "period") }
        if timeout == .zero { add("plan check \"\(name)\" timeout must not be zero", "timeout") }
        if let command = exec?.command {
            do throws(CommandError) {
                if try ServiceCommand.split(command).isEmpty { throw CommandError(description: "empty command") }
            } catch {
                add("plan check \"\(name)\" command invalid: \(error)", "exec.command")
            }
        }
        if let exec, let reason = accounts?.problem(exec.ownership) {
            add("plan check \"\(name)\" has invalid user/group: \(reason)", "exec.user")
        }
        return problems
    }
}

extension LogTarget {
    fileprivate func problems() -> [PlanProblem] {
        let path = "log-targets.\(name)"
        var problems: [PlanProblem] = []
        if name.isEmpty {
            problems.append(PlanProblem(message: "cannot use empty string as log target name", path: path))
        }
        for label in labels.keys.sorted() where label.hasPrefix("pebble_") {
            let message = "log target \"\(name)\": label \"\(label)\" uses reserved prefix \"pebble_\""
            problems.append(PlanProblem(message: message, path: "\(path).labels.\(label)"))
        }
        return problems
    }
}

extension Workload {
    fileprivate func problems(accounts: AccountLookup?) -> [PlanProblem] {
        let path = "workloads.\(name)"
        var problems: [PlanProblem] = []
        if name.isEmpty {
            problems.append(PlanProblem(message: "cannot use empty string as workload name", path: path))
        }
        let ownership = Ownership(userID: userID, user: user, groupID: groupID, group: group)
        if let reason = accounts?.problem(ownership) {
            let message = "plan workload \"\(name)\" has invalid user/group: \(reason)"
            problems.append(PlanProblem(message: message, path: "\(path).user"))
        }
        return problems
    }
}

extension AccountLookup {
    fileprivate func problem(_ ownership: Ownership) -> String? {
        do throws(AccountError) {
            try check(ownership)
            return nil
        } catch {
            return error.description
        }
    }
}
