// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// Where in Juju something comes from, as the observability interfaces tell it.
public struct JujuTopology: Sendable, Hashable, Codable {
    /// The model's name.
    public var model: String
    /// The model's UUID; readers refuse any but one of version 4.
    public var modelUUID: String
    /// The application's name.
    public var application: String
    /// The unit's name.
    public var unit: String
    /// The charm's name in its metadata.
    public var charm: String

    private enum CodingKeys: String, CodingKey {
        case model
        case modelUUID = "model_uuid"
        case application
        case unit
        case charm = "charm_name"
    }

    /// Creates a topology.
    public init(model: String, modelUUID: String, application: String, unit: String, charm: String) {
        self.model = model
        self.modelUUID = modelUUID
        self.application = application
        self.unit = unit
        self.charm = charm
    }

    /// The topology of this unit.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - charm: The charm's name in its metadata.
    public init(of model: Model, charm: String) {
        self.init(
            model: model.environment.model.name,
            modelUUID: model.environment.model.uuid,
            application: model.application,
            unit: model.unit.description,
            charm: charm
        )
    }

    /// The application among all models: its model's name, the first eight digits of its UUID, and its own name.
    public var identifier: String { "\(model)_\(modelUUID.prefix(8))_\(application)" }

    /// The labels that say which application something is of.
    public var applicationLabels: [String: String] {
        [
            "juju_model": model, "juju_model_uuid": modelUUID, "juju_application": application, "juju_charm": charm,
        ]
    }

    /// The labels that say which unit something is of.
    public var unitLabels: [String: String] {
        applicationLabels.merging(["juju_unit": unit]) { $1 }
    }
}
