// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// Action `refresh-external-resources`: fetches customization and plugins anew and has Indico's workers take them up.
struct RefreshExternalResourcesAction {
    let module: WorkloadModule
    let layout: WorkloadLayout
    let source: String?
    let plugins: ExternalPlugins
    /// Who owns what is written.
    let options: FileOptions

    func run(_ action: Action) throws {
        do {
            // Plugins first: fetching a customization that changed has the workers load both.
            if !plugins.packages.isEmpty { try plugins.install(options) }
            let customization = Customization(container: module.container, module: module, layout: layout)
            let isWanted = try source != nil || customization.differs(from: source)
            let changed = isWanted ? try customization.use(source, options) : false
            if !plugins.packages.isEmpty, !changed { try customization.reload() }
            try action.setResults([
                "customization-source": source.map(IndicoSettings.maskingCredentials) ?? "none configured",
                "customization-changes": changed ? "true" : "false",
                "plugins": plugins.packages.isEmpty ? "none configured" : "installed",
            ])
        } catch let refusal as WorkloadModule.Refusal {
            throw ActionError.failed("cannot refresh: \(refusal.message)")
        } catch let error as ContainerError {
            throw ActionError.failed("\(error)")
        }
    }
}
