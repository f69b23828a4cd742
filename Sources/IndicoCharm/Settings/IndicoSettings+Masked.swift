// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import PebbleAPI

extension IndicoSettings {
    /// What stands where a secret was.
    static let mask = "***"

    /// The settings with every secret masked, to be shown.
    package var masked: IndicoSettings {
        var shown = self
        shown.secretKey = Self.mask
        shown.database.password = Self.mask
        if cache.password != nil { shown.cache.password = Self.mask }
        if broker.password != nil { shown.broker.password = Self.mask }
        if mail?.password != nil { shown.mail?.password = Self.mask }
        if signOn != nil { shown.signOn?.clientSecret = Self.mask }
        shown.external.bucket?.accessKey = Self.mask
        shown.external.bucket?.secretKey = Self.mask
        shown.external.proxy?.http = external.proxy?.http.map(Self.maskingCredentials)
        shown.external.proxy?.https = external.proxy?.https.map(Self.maskingCredentials)
        shown.options.externalPlugins = options.externalPlugins.map(Self.maskingCredentials)
        shown.options.customizationSource = options.customizationSource.map(Self.maskingCredentials)
        return shown
    }

    /// A URL without the user name and password before its host.
    static func maskingCredentials(_ url: String) -> String {
        guard let start = url.place(of: "://")?.upperBound else { return url }
        let authority = url[start...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return url[..<start] + mask + url[at...]
    }
}
