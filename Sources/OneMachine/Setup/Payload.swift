// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// What the operator brings along beside its programs: the charm's files and the pinned requirements.
///
/// It is found beside the sources when built there, and kept in the state directory for every later `up`.
package struct Payload: Hashable, Sendable {
    /// Laid out like the repository: `charm/`, `packaging/`.
    package let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    package var charmcraft: String { directory + "/charm/charmcraft.yaml" }
    package var workload: String { directory + "/charm/workload" }
    /// Directories of files that others are told of: rules for Prometheus, dashboards for Grafana.
    package static let published = ["prometheus_alert_rules", "grafana_dashboards"]
    package func requirements(for release: IndicoRelease) -> String {
        directory + "/packaging/requirements-indico-\(release.version).txt"
    }

    /// Looks from the program's own directory upwards, then in the state directory.
    package static func locate(programs: String, state: StateDirectory) throws(OperatorError) -> Payload {
        var place = programs
        while let slash = place.lastIndex(of: "/"), slash > place.startIndex {
            place = String(place[..<slash])
            let payload = Payload(directory: place)
            if FileStore.exists(payload.charmcraft) { return payload }
        }
        let kept = Payload(directory: state.path + "/share")
        if FileStore.exists(kept.charmcraft) { return kept }
        throw OperatorError(
            "the charm's files are not there: neither beside \(programs) nor in \(kept.directory)",
            remedy: "Run 'make run' in a clone of the repository once; afterwards this works from anywhere."
        )
    }

    /// Copies what is needed into the state directory.
    package func keep(in state: StateDirectory, release: IndicoRelease) throws -> Payload {
        let kept = Payload(directory: state.path + "/share")
        if kept == self { return kept }
        try FileStore.makeDirectory(kept.workload, mode: 0o755)
        try FileStore.makeDirectory(kept.directory + "/packaging", mode: 0o755)
        var files = [(charmcraft, kept.charmcraft), (requirements(for: release), kept.requirements(for: release))]
        for name in try workloadFiles() { files.append((workload + "/" + name, kept.workload + "/" + name)) }
        for folder in Self.published {
            try FileStore.makeDirectory("\(kept.directory)/charm/\(folder)", mode: 0o755)
            for name in try publishedFiles(folder) {
                files.append(("\(directory)/charm/\(folder)/\(name)", "\(kept.directory)/charm/\(folder)/\(name)"))
            }
        }
        for (source, target) in files {
            guard let content = try FileStore.read(source) else {
                throw OperatorError("\(source) is missing", remedy: "Is the clone complete? 'git status' says.")
            }
            try FileStore.write(content, to: target, mode: 0o644)
        }
        return kept
    }

    /// The names of the files in one of the directories of ``published``.
    package func publishedFiles(_ folder: String) throws -> [String] {
        let path = "\(directory)/charm/\(folder)"
        return FileStore.exists(path) ? try FileStore.names(in: path).filter { !$0.hasPrefix(".") } : []
    }

    /// The names of the files the charm brings into its containers.
    package func workloadFiles() throws -> [String] {
        // Python leaves its cache there when the modules' own tests have run.
        try FileStore.names(in: workload).filter { !$0.hasPrefix(".") && $0 != "__pycache__" }
    }
}
