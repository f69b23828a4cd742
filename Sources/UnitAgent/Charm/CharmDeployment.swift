// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport

/// Puts another charm in place of the one that is there.
///
/// ```
/// DIRECTORY            the charm that runs
/// DIRECTORY.staging    a copy that is being made
/// DIRECTORY.new        a whole copy
/// DIRECTORY.old        the former charm, on its way out
/// ```
///
/// Whenever the agent dies in between, ``recover()`` finds a whole charm.
struct CharmDeployment: Sendable {
    let directory: String

    private var staging: String { directory + ".staging" }
    private var new: String { directory + ".new" }
    private var old: String { directory + ".old" }

    /// Replaces the charm by a copy of the one at `source`.
    ///
    /// Hidden files the charm has made beside its own, such as the state `ops` keeps, go over to the new one.
    func replace(by source: String) throws {
        let files = FileManager.default
        for path in [staging, new, old] where files.fileExists(atPath: path) { try files.removeItem(atPath: path) }
        try files.copyItem(atPath: source, toPath: staging)
        for name in try files.contentsOfDirectory(atPath: directory) where name.hasPrefix(".") {
            // Copied, not moved: until the new charm is in place the old one must be whole.
            guard !files.fileExists(atPath: "\(staging)/\(name)") else { continue }
            try files.copyItem(atPath: "\(directory)/\(name)", toPath: "\(staging)/\(name)")
        }
        try move(staging, to: new)
        try move(directory, to: old)
        try move(new, to: directory)
        try files.removeItem(atPath: old)
    }

    /// Finishes what an agent that died began.
    func recover() throws {
        guard access(directory, F_OK) != 0 else { return }
        // Between the two renames: the new charm is whole, the old one is too.
        if access(new, F_OK) == 0 { return try move(new, to: directory) }
        if access(old, F_OK) == 0 { try move(old, to: directory) }
    }

    private func move(_ path: String, to target: String) throws(SystemError) {
        guard rename(path, target) == 0 else { throw .last("move \(path) to \(target)") }
    }
}
