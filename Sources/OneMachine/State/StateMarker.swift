// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport

/// The file that says a directory is one of ours.
///
/// Nothing is ever deleted where it is not.
package struct StateMarker: Codable, Hashable, Sendable {
    /// The path it was made for: a copy of the directory elsewhere is not the installation.
    package var path: String
    /// Whether the system user was made for it, so that it goes with it.
    package var madeSystemUser: Bool

    package init(path: String, madeSystemUser: Bool) {
        self.path = path
        self.madeSystemUser = madeSystemUser
    }

    package static func read(from state: StateDirectory) throws -> StateMarker? {
        guard let content = try FileStore.read(state.marker) else { return nil }
        guard let marker = try? JSONDecoder().decode(StateMarker.self, from: Data(content)), marker.path == state.path
        else {
            throw OperatorError(
                "\(state.marker) is not this directory's",
                remedy: "The directory was copied or moved. It belongs at the path that the file names."
            )
        }
        return marker
    }

    package func write(to state: StateDirectory) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try FileStore.write(Array(encoder.encode(self)), to: state.marker, mode: 0o644)
    }
}
