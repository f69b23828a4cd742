// SPDX-License-Identifier: Apache-2.0
import PebblePlan

/// The layer that stands for arguments given on the daemon's command line.
enum ArgumentsLayer {
    static let label = "pebble-service-args"

    /// Puts the arguments on top of the layers, in place of the default ones of each service.
    static func adding(
        _ given: [DaemonOptions.ServiceArguments],
        to layers: [Layer]
    ) throws -> [Layer] {
        guard !given.isEmpty else { return layers }
        let plan = try Plan.combine(layers)
        var layer = Layer(label: label, order: ((layers.last?.order ?? 0) / LayerStack.stride + 1) * LayerStack.stride)
        for item in given {
            guard let service = plan.services[item.service] else {
                throw DaemonError(
                    .invalid,
                    "service \"\(item.service)\" not found in plan"
                )
            }
            var command = try ServiceCommand(parsing: service.command ?? "")
            command.defaultArguments = item.arguments
            layer.services[item.service] = Service(
                name: item.service,
                override: .merge,
                command: command.description
            )
        }
        return layers + [layer]
    }
}
