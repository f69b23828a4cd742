// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit

/// The endpoints somebody is related to, as far as that is known.
///
/// One question to the agent tells of all of them; asking for each would cost a call for each that nobody uses.
struct RelatedEndpoints: ExpressibleByArrayLiteral {
    /// Nil when it is not known, and each must be asked.
    private let names: Set<String>?

    init(names: Set<String>?) {
        self.names = names
    }

    init(arrayLiteral elements: String...) {
        names = Set(elements)
    }

    var isEmpty: Bool { names?.isEmpty ?? false }

    func contains(_ endpoint: String) -> Bool { names?.contains(endpoint) ?? true }

    /// Reads what an endpoint offers; nothing where nobody is related to it.
    func read<Value>(
        _ endpoint: String,
        _ read: (String) throws -> RelationReading<Value>
    ) rethrows -> RelationReading<Value> {
        contains(endpoint) ? try read(endpoint) : .absent
    }

    /// Whether an endpoint has a relation that is not being broken.
    func isActive(_ endpoint: String, _ model: Model) throws -> Bool {
        guard contains(endpoint) else { return false }
        return try !model.relations(endpoint).isEmpty
    }
}

extension Observation {
    func relatedEndpoints() -> RelatedEndpoints {
        do {
            return RelatedEndpoints(names: Set(try model.goalState().relations.keys))
        } catch {
            model.log.debug("cannot tell which endpoints are related, so each is asked: \(error)")
            return RelatedEndpoints(names: nil)
        }
    }

    /// Reads what optional applications offer.
    func external(_ related: RelatedEndpoints) throws -> ExternalReadings {
        var readings = ExternalReadings()
        guard !related.isEmpty else { return readings }
        readings.files = try related.read(Endpoint.files) { try S3.read($0, model) }
        readings.identities = try related.read(Endpoint.identities) { try SAML.read($0, model) }
        readings.proxy = try related.read(Endpoint.proxy) { try HTTPProxy.read($0, model) }
        readings.traces = try related.read(Endpoint.traces) { try Tracing.read($0, model) }
        readings.logs = try related.read(Endpoint.logs) { try LokiPush.read($0, model) }
        readings.showsDashboards = try related.isActive(Endpoint.dashboards, model)
        readings.modelProxies = model.environment.proxies
        readings.topology = JujuTopology(of: model, charm: Publishing.charm)
        readings.plannedUnits = plannedUnits
        // Asked only where it matters: each question costs a call.
        if readings.plannedUnits > 1, readings.files.isAbsent {
            readings.hasFileStorage = try !model.storages("attachments").isEmpty
        }
        return readings
    }

    /// The number there shall be; one when the agent cannot tell, which blocks nothing.
    private var plannedUnits: Int { (try? model.plannedUnits()) ?? 1 }
}
