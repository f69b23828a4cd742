// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
import FoundationEssentials

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
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".json") }.sorted()
            .map { name in
                try GrafanaDashboard.Dashboard(
                    charm: Publishing.charm,
                    path: "\(directory)/\(name)",
                    text: Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
                )
            }
    }
}
