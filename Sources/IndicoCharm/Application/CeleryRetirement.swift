// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI
import PebblePlan

/// Takes from a unit what of Celery is not its own: there must never be two schedulers.
enum CeleryRetirement {
    /// Stops what runs of Celery and keeps Pebble from starting it again.
    ///
    /// - Parameters:
    ///   - names: The services that are not this unit's.
    ///   - container: Container `indico`.
    /// - Returns: Whether there was anything to do.
    /// - Throws: ``ContainerError`` when Pebble cannot be asked.
    @discardableResult
    static func retire(_ names: [String], _ container: Container) throws -> Bool {
        guard !names.isEmpty else { return false }
        let plan = try container.plan()
        let enabled = names.compactMap { plan.services[$0] }.filter(\.isEnabled)
        guard !enabled.isEmpty else { return false }
        var layer = Layer(label: IndicoLayer.label)
        for var service in enabled {
            service.startup = .disabled
            service.override = .replace
            layer.services[service.name] = service
        }
        for name in names {
            guard var check = plan.checks[name] else { continue }
            check.startup = .disabled
            check.override = .replace
            layer.checks[name] = check
        }
        let running = try container.services(names).values.filter(\.isRunning).map(\.name).sorted()
        try container.stop(running, timeout: .seconds(120))
        try container.addLayer(layer)
        return true
    }
}
