// SPDX-License-Identifier: Apache-2.0
import CharmKit

/// Action `show-settings`: what Indico is told, with every secret masked.
struct ShowSettingsAction {
    let settings: IndicoSettings
    let layout: WorkloadLayout

    func run(_ action: Action) throws {
        let shown = settings.masked
        let options = shown.options
        try action.setResults([
            "site-url": "\(shown.site)",
            "workers": "\(options.workers)",
            "celery-workers": "\(options.celeryWorkers)",
            "trusted-proxies": options.trustedProxies.joined(separator: ", "),
            "customization-source": options.customizationSource ?? "none configured",
            "maintenance": shown.maintenance ?? "",
            "indico-conf": IndicoConf.render(shown, layout: layout),
        ])
    }
}
