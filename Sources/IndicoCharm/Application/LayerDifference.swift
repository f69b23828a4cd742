// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

/// Tells whether a container's plan already says what a layer says.
enum LayerDifference {
    static func isInPlan(_ layer: Layer, _ plan: Plan) -> Bool {
        layer.services.allSatisfy { plan.services[$0.key].map(normalized) == normalized($0.value) }
            && layer.checks.allSatisfy { plan.checks[$0.key].map(normalized) == normalized($0.value) }
            && layer.logTargets.allSatisfy { plan.logTargets[$0.key] == $0.value }
    }

    private static func normalized(_ service: Service) -> Service {
        var service = service
        service.backoffDelay = service.effectiveBackoffDelay
        service.backoffFactor = service.effectiveBackoffFactor
        service.backoffLimit = service.effectiveBackoffLimit
        service.killDelay = service.effectiveKillDelay
        return service
    }

    /// A plan names defaults that a layer leaves out.
    private static func normalized(_ check: Check) -> Check {
        var check = check
        check.period = check.effectivePeriod
        check.timeout = check.effectiveTimeout
        check.threshold = check.effectiveThreshold
        check.startup = check.isEnabled ? .enabled : .disabled
        return check
    }
}
