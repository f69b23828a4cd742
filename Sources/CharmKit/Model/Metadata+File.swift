// SPDX-License-Identifier: Apache-2.0

import YAMLTree

/// The charm's `metadata.yaml` cannot be used.
public struct MetadataError: Error, Hashable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let problem: String

    /// What happened, in words.
    public var description: String { "cannot read \(path): \(problem)" }
}

extension CharmMetadata {
    /// Reads `metadata.yaml` of an unpacked charm.
    init(charmDirectory: String) throws(MetadataError) {
        let path = "\(charmDirectory)/metadata.yaml"
        let content: [UInt8]
        do throws(CharmFileError) {
            content = try CharmFile.content(of: path)
        } catch {
            throw MetadataError(path: path, problem: error.problem)
        }
        do throws(YAMLError) {
            self.init(try YAMLNode.parse(content))
        } catch {
            throw MetadataError(path: path, problem: "\(error)")
        }
    }

    private init(_ root: YAMLNode?) {
        func names(_ section: String) -> Set<String> {
            Set((root?[section]?.mapping?.pairs ?? []).compactMap(\.key.text))
        }
        self.init(
            peers: names("peers"),
            requires: names("requires"),
            provides: names("provides"),
            containers: names("containers")
        )
    }
}
