// SPDX-License-Identifier: Apache-2.0

import CharmKit
import PebbleAPI
import PebblePlan

/// A container's Pebble in memory: layers combine, services start, stop and replan as in the real one.
///
/// Its services never end by themselves, save those stated to fail at once.
final class FakePebble {
    var state: ContainerState
    private(set) var calls: [ContainerCall.Change] = []

    init(state: ContainerState) {
        self.state = state
    }

    func record(_ change: ContainerCall.Change) { calls.append(change) }

    func addLayer(_ layer: Layer, combine: Bool) throws(ChangeFailure) {
        do throws(PlanError) {
            var layers = state.layers
            if let index = layers.firstIndex(where: { $0.label == layer.label }) {
                guard combine else {
                    throw PlanError(PlanProblem(message: "layer \"\(layer.label)\" already exists"))
                }
                layers[index] = try layers[index].combined(with: layer)
            } else {
                layers.append(layer)
            }
            let plan = try Plan.combine(layers)
            try plan.validate()
            state.layers = layers
        } catch {
            throw ChangeFailure(kind: .invalidPlan, message: "\(error)")
        }
        record(.layer(layer.label))
    }

    func plan() throws(ChangeFailure) -> Plan {
        do throws(PlanError) {
            return try state.plan()
        } catch {
            throw ChangeFailure(kind: .invalidPlan, message: "\(error)")
        }
    }

    struct ChangeFailure: Error {
        let kind: ContainerError.Kind
        let message: String
    }

    func perform(_ operation: ServiceOperation, _ names: [String]) throws(ChangeFailure) {
        let plan = try plan()
        switch operation {
        case .start: try start(names, plan)
        case .stop: stop(try ordered { () throws(PlanError) in try plan.stopLanes(names) })
        case .restart:
            stop(try ordered { () throws(PlanError) in try plan.stopLanes(names, withDependants: false) })
            try start(names, plan)
        case .autostart:
            let enabled = plan.defaultServiceNames
            guard !enabled.isEmpty else { throw ChangeFailure(kind: .refused, message: "no default services") }
            try start(enabled, plan)
        case .replan:
            let changed = state.running.filter { plan.services[$0.key] != $0.value }.keys.sorted()
            let known = changed.filter { plan.services[$0] != nil }
            // What is no longer in the plan is stopped; what requires a changed service stops with it.
            stop(changed.filter { plan.services[$0] == nil })
            stop(try ordered { () throws(PlanError) in try plan.stopLanes(known) })
            try start(Set(known + plan.defaultServiceNames).sorted(), plan)
        }
    }

    private func start(_ names: [String], _ plan: Plan) throws(ChangeFailure) {
        var failed: [String] = []
        for name in try ordered({ () throws(PlanError) in try plan.startLanes(names) }) where state.running[name] == nil
        {
            guard let service = plan.services[name] else { continue }
            record(.started(name))
            if state.failingServices.contains(name) { failed.append(name) } else { state.running[name] = service }
        }
        guard failed.isEmpty else {
            let list = failed.map { "\"\($0)\"" }.joined(separator: ", ")
            throw ChangeFailure(
                kind: .changeFailed,
                message: "cannot perform the following tasks: start service \(list) (exited quickly with code 1)"
            )
        }
    }

    private func stop(_ names: [String]) {
        for name in names where state.running.removeValue(forKey: name) != nil { record(.stopped(name)) }
    }

    private func ordered(_ lanes: () throws(PlanError) -> [[String]]) throws(ChangeFailure) -> [String] {
        do throws(PlanError) {
            return try lanes().flatMap { $0 }
        } catch {
            throw ChangeFailure(kind: .notFound, message: "\(error)")
        }
    }

    func services(_ names: [String]) throws(ChangeFailure) -> [ServiceInfo] {
        try plan().services.values.filter { names.isEmpty || names.contains($0.name) }
            .sorted { $0.name < $1.name }
            .map { service in
                let current: ServiceStatus =
                    if state.running[service.name] != nil {
                        .active
                    } else if state.failingServices.contains(service.name), hasStarted(service.name) {
                        .backoff
                    } else {
                        .inactive
                    }
                let startup: ServiceStartup = service.isEnabled ? .enabled : .disabled
                return ServiceInfo(name: service.name, startup: startup, current: current)
            }
    }

    private func hasStarted(_ name: String) -> Bool { calls.contains(.started(name)) }

    func checks(_ names: [String], level: CheckLevel?) throws(ChangeFailure) -> [CheckInfo] {
        try plan().checks.values
            .filter { (names.isEmpty || names.contains($0.name)) && (level == nil || $0.level == level) }
            .sorted { $0.name < $1.name }
            .map { check in
                let status = state.checkStatuses[check.name] ?? (check.isEnabled ? .up : .inactive)
                return CheckInfo(
                    name: check.name,
                    level: check.level,
                    startup: check.isEnabled ? .enabled : .disabled,
                    status: status,
                    failures: status == .down ? check.effectiveThreshold : 0,
                    threshold: check.effectiveThreshold
                )
            }
    }

    func setChecks(_ names: [String], running: Bool) throws(ChangeFailure) -> [String] {
        var changed: [String] = []
        for check in try checks(names, level: nil) where (check.status != .inactive) != running {
            state.checkStatuses[check.name] = running ? .up : .inactive
            record(.check(check.name, running: running))
            changed.append(check.name)
        }
        return changed
    }
}
