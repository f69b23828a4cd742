// SPDX-License-Identifier: Apache-2.0

extension CharmMetadata {
    /// Reads `metadata.yaml` of an unpacked charm.
    init(charmDirectory: String) throws {
        self.init()
    }
}
