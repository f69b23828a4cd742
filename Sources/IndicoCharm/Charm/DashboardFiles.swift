// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
import CharmKit

/// The dashboards in the charm's own archive.
package struct DashboardFiles {
    private let charmDirectory: String

    package init(charmDirectory: String) {
        self.charmDirectory = charmDirectory
    }

    /// Reads them, in the order of their names.
    ///
    /// - Returns: The dashboards; none when the charm has no directory of them.
    /// - Throws: `GrafanaDashboardError` when a file is none, and what reading a file throws.
    package func read() throws -> [GrafanaDashboard.Dashboard] {
        let directory = "grafana_dashboards"
        let path = "\(charmDirectory)/\(directory)"
        return try CharmFile.names(in: path).filter { $0.hasSuffix(".json") }.sorted()
            .map { name in
                try GrafanaDashboard.Dashboard(
                    charm: Publishing.charm,
                    path: "\(directory)/\(name)",
                    text: try CharmFile.content(of: "\(path)/\(name)")
                )
            }
    }
}
