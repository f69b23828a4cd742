// SPDX-License-Identifier: Apache-2.0
import CharmKit

/// Action `refresh-external-resources`: fetches the customization anew and has Indico's workers take it up.
struct RefreshExternalResourcesAction {
    let module: WorkloadModule
    let layout: WorkloadLayout
    let source: String?

    func run(_ action: Action) throws {
        do {
            let changed = try source.map { try Customization(module: module, layout: layout).fetch($0) } ?? false
            try action.setResults([
                "customization-source": source.map(IndicoSettings.maskingCredentials) ?? "none configured",
                "customization-changes": changed ? "true" : "false",
            ])
        } catch let refusal as WorkloadModule.Refusal {
            throw ActionError.failed("cannot refresh: \(refusal.message)")
        } catch let error as ContainerError {
            throw ActionError.failed("\(error)")
        }
    }
}
