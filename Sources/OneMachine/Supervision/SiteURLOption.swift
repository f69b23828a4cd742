// SPDX-License-Identifier: Apache-2.0
import UnitAgent

/// The name the site goes by, as the option `site_url` has it.
///
/// Indico answers to no other: to any other name it says 404.
struct SiteURLOption {
    var scheme = "http"
    var page = HomePage()

    static func read(from agent: AgentControlClient) throws -> SiteURLOption {
        guard let option = try agent.config().first(where: { $0.name == "site_url" }), let value = option.value?.text,
            let range = value.firstRange(of: "://")
        else { return SiteURLOption() }
        let authority = value[range.upperBound...].prefix { $0 != "/" }
        return SiteURLOption(scheme: String(value[..<range.lowerBound]), page: HomePage(authority: String(authority)))
    }
}
