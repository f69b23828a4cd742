// SPDX-License-Identifier: Apache-2.0

extension Plan {
    /// Lays layers over each other, the first at the bottom.
    ///
    /// - Parameter layers: the layers in order.
    /// - Returns: the plan; call ``validate()`` before trusting it.
    /// - Throws: ``PlanError`` naming every entry without a valid `override`.
    public static func combine(_ layers: [Layer]) throws(PlanError) -> Plan {
        var flat = Layer()
        var problems: [PlanProblem] = []
        for layer in layers {
            flat.lay(layer, problems: &problems)
        }
        if let error = PlanError(problems) { throw error }
        var plan = Plan()
        plan.services = flat.services
        plan.checks = flat.checks
        plan.logTargets = flat.logTargets
        plan.workloads = flat.workloads
        plan.pairing = flat.pairing
        return plan
    }
}

extension Layer {
    /// Lays another layer over this one; label and order stay.
    ///
    /// - Parameter above: the layer to lay over this one.
    /// - Returns: the two as one layer.
    /// - Throws: ``PlanError`` naming every entry without a valid `override`.
    public func combined(with above: Layer) throws(PlanError) -> Layer {
        var combined = self
        var problems: [PlanProblem] = []
        combined.lay(above, problems: &problems)
        if let error = PlanError(problems) { throw error }
        return combined
    }

    fileprivate mutating func lay(_ above: Layer, problems: inout [PlanProblem]) {
        summary.overlay(above.summary)
        description.overlay(above.description)
        pairing.overlay(above.pairing)
        services.lay(above.services, of: above, kind: "service", section: "services", problems: &problems)
        checks.lay(above.checks, of: above, kind: "check", section: "checks", problems: &problems)
        logTargets.lay(above.logTargets, of: above, kind: "log target", section: "log-targets", problems: &problems)
        workloads.lay(above.workloads, of: above, kind: "workload", section: "workloads", problems: &problems)
    }
}

/// An entry of a layer that knows how to take another one over itself.
private protocol LayerEntry {
    var override: Override? { get }
    mutating func merge(_ above: Self)
}

extension Dictionary where Key == String, Value: LayerEntry {
    fileprivate mutating func lay(
        _ entries: [String: Value],
        of layer: Layer,
        kind: String,
        section: String,
        problems: inout [PlanProblem]
    ) {
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            switch entry.override {
            case .replace:
                self[name] = entry
            case .merge:
                if var below = self[name] {
                    below.merge(entry)
                    self[name] = below
                } else {
                    self[name] = entry
                }
            case .unknown:
                let message = "layer \"\(layer.label)\" has invalid \"override\" value for \(kind) \"\(name)\""
                problems.append(PlanProblem(message: message, path: "\(section).\(name).override"))
            case nil:
                let message = "layer \"\(layer.label)\" must define \"override\" for \(kind) \"\(name)\""
                problems.append(PlanProblem(message: message, path: "\(section).\(name).override"))
            }
        }
    }
}

extension Optional {
    fileprivate mutating func overlay(_ above: Wrapped?) {
        if let above { self = above }
    }
}

extension [String: String] {
    fileprivate mutating func overlay(_ above: [String: String]) {
        merge(above) { _, new in new }
    }
}

extension Service: LayerEntry {
    fileprivate mutating func merge(_ above: Service) {
        summary.overlay(above.summary)
        description.overlay(above.description)
        startup.overlay(above.startup)
        command.overlay(above.command)
        after += above.after
        before += above.before
        requires += above.requires
        workload.overlay(above.workload)
        environment.overlay(above.environment)
        userID.overlay(above.userID)
        user.overlay(above.user)
        groupID.overlay(above.groupID)
        group.overlay(above.group)
        workingDirectory.overlay(above.workingDirectory)
        onSuccess.overlay(above.onSuccess)
        onFailure.overlay(above.onFailure)
        onCheckFailure.merge(above.onCheckFailure) { _, new in new }
        backoffDelay.overlay(above.backoffDelay)
        backoffFactor.overlay(above.backoffFactor)
        backoffLimit.overlay(above.backoffLimit)
        killDelay.overlay(above.killDelay)
    }
}

extension Check: LayerEntry {
    fileprivate mutating func merge(_ above: Check) {
        level.overlay(above.level)
        startup.overlay(above.startup)
        period.overlay(above.period)
        timeout.overlay(above.timeout)
        threshold.overlay(above.threshold)
        if let above = above.http {
            var merged = http ?? HTTPCheck()
            merged.url.overlay(above.url)
            merged.headers.overlay(above.headers)
            http = merged
        }
        if let above = above.tcp {
            var merged = tcp ?? TCPCheck()
            merged.port.overlay(above.port)
            merged.host.overlay(above.host)
            tcp = merged
        }
        if let above = above.exec {
            var merged = exec ?? ExecCheck()
            merged.merge(above)
            exec = merged
        }
    }
}

extension ExecCheck {
    fileprivate mutating func merge(_ above: ExecCheck) {
        command.overlay(above.command)
        serviceContext.overlay(above.serviceContext)
        environment.overlay(above.environment)
        userID.overlay(above.userID)
        user.overlay(above.user)
        groupID.overlay(above.groupID)
        group.overlay(above.group)
        workingDirectory.overlay(above.workingDirectory)
    }
}

extension LogTarget: LayerEntry {
    fileprivate mutating func merge(_ above: LogTarget) {
        type.overlay(above.type)
        location.overlay(above.location)
        services += above.services
        labels.overlay(above.labels)
    }
}

extension Workload: LayerEntry {
    fileprivate mutating func merge(_ above: Workload) {
        environment.overlay(above.environment)
        userID.overlay(above.userID)
        user.overlay(above.user)
        groupID.overlay(above.groupID)
        group.overlay(above.group)
    }
}
