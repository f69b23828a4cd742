// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Unpacks the charm as Juju would: `dispatch`, `metadata.yaml`, `config.yaml`, `actions.yaml`, `version`, `workload/`.
package enum CharmDirectory {
    /// Says whether anything changed.
    package static func unpack(_ payload: Payload, to state: StateDirectory, version: String) throws -> Bool {
        guard let text = try FileStore.text(payload.charmcraft) else {
            throw OperatorError("\(payload.charmcraft) is missing", remedy: "Is the clone complete? 'git status' says.")
        }
        let charm = CharmcraftFile(text: text)
        try FileStore.makeDirectory(state.charm + "/workload", mode: 0o755)
        var changed = false
        let files = [
            ("metadata.yaml", charm.metadata), ("config.yaml", charm.config), ("actions.yaml", charm.actions),
            ("version", version + "\n"),
        ]
        for (name, content) in files {
            if try FileStore.write(content, to: state.charm + "/" + name, mode: 0o644) { changed = true }
        }
        for name in try payload.workloadFiles() {
            guard let content = try FileStore.read(payload.workload + "/" + name) else { continue }
            if try FileStore.write(content, to: state.charm + "/workload/" + name, mode: 0o644) { changed = true }
        }
        for folder in Payload.published {
            try FileStore.makeDirectory(state.charm + "/" + folder, mode: 0o755)
            for name in try payload.publishedFiles(folder) {
                guard let content = try FileStore.read("\(payload.directory)/charm/\(folder)/\(name)") else { continue }
                if try FileStore.write(content, to: "\(state.charm)/\(folder)/\(name)", mode: 0o644) { changed = true }
            }
        }
        try FileStore.link(state.charm + "/dispatch", to: state.program(.indicoCharm))
        return changed
    }
}
