// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

extension Supervisor {
    /// Takes the layers the daemon begins with.
    func load(_ layers: [Layer]) throws(PlanError) {
        let plan = try Plan.combine(layers)
        try plan.validate()
        adopt(layers, plan)
    }

    /// Adds a layer, or with `combine` lays it over the one of its label.
    ///
    /// Nothing happens to services; checks follow at once.
    func addLayer(_ layer: Layer, combine: Bool, inner: Bool) throws(DaemonError) {
        let layers = try LayerStack.adding(layer, to: self.layers, combine: combine, inner: inner)
        let plan: Plan
        do throws(PlanError) {
            plan = try Plan.combine(layers)
            try plan.validate()
        } catch {
            throw DaemonError(.invalid, error.description)
        }
        if plan.workloads != self.plan.workloads {
            throw DaemonError(.invalid, "cannot change immutable section \"workloads\"")
        }
        if plan.pairing != self.plan.pairing {
            throw DaemonError(.invalid, "cannot change immutable section \"pairing\"")
        }
        adopt(layers, plan)
    }

    private func adopt(_ layers: [Layer], _ plan: Plan) {
        let before = self.plan.checks
        self.layers = layers
        self.plan = plan
        checksChanged(from: before)
        forwardLogs()
    }
}
