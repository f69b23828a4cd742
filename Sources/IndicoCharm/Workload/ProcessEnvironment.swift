// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

/// The variables Indico's processes get beside those in the plan.
///
/// They are set by `indico.conf`, which each worker executes when it loads: so a proxy that changes, with its password,
/// is in no plan, and is taken up by workers that are replaced one by one instead of by a restart.
enum ProcessEnvironment {
    static func variables(_ settings: IndicoSettings, layout: WorkloadLayout) -> [String: String] {
        let services = settings.external
        var result = services.proxy?.variables ?? [:]
        result.merge(AttachmentStorage.variables(services.bucket, layout: layout)) { $1 }
        if let traces = services.traces {
            result["OTEL_EXPORTER_OTLP_ENDPOINT"] = traces.description
            result["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf"
            result["OTEL_SERVICE_NAME"] = services.topology?.application ?? "indico"
            if let labels = services.topology?.unitLabels {
                result["OTEL_RESOURCE_ATTRIBUTES"] = labels.sorted { $0.key < $1.key }
                    .map { "\($0.key)=\($0.value)" }.joined(separator: ",")
            }
        }
        return result
    }

    /// The lines of `indico.conf`: the one thing in it that is no plain assignment, and its values are literals too.
    static func lines(_ variables: [String: String]) -> [String] {
        guard !variables.isEmpty else { return [] }
        let pairs = variables.sorted { $0.key < $1.key }
            .map { "\(PythonLiteral.string($0.key).source): \(PythonLiteral.string($0.value).source)" }
        return ["import os as _os", "_os.environ.update({\(pairs.joined(separator: ", "))})"]
    }
}
