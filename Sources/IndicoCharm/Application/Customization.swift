// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// The customization files, fetched from their repository into the workload.
///
/// Which they are is noted in the container itself, as they are lost with it.
struct Customization {
    let container: Container
    let module: WorkloadModule
    let layout: WorkloadLayout

    /// What is noted while files are exchanged: a hook that is killed meanwhile leaves it, and the next one begins again.
    private static let unfinished = "unfinished"

    /// Whether others are in use than those of a source, or none where there shall be some.
    ///
    /// - Parameter source: The repository's URL; nil for Indico's own look.
    /// - Returns: Whether something is to be done.
    /// - Throws: `ContainerError` when the container cannot be asked.
    func differs(from source: String?) throws -> Bool { try noted() != Self.mark(of: source) }

    /// Puts the files of a source in place and, when they changed, has Indico's workers take them up.
    ///
    /// - Parameters:
    ///   - source: The repository's URL; nil for Indico's own look. Files that were not fetched are then left alone.
    ///   - options: Who owns what is noted.
    /// - Returns: Whether the files changed.
    /// - Throws: ``WorkloadModule/Refusal`` when they cannot be fetched or taken up; `ContainerError` when the container
    ///   cannot be asked.
    func use(_ source: String?, _ options: FileOptions) throws -> Bool {
        let mark = Self.mark(of: source)
        let isKnown = try noted() == mark
        try note(Self.unfinished, options)
        let changed: Bool
        do {
            changed = try exchange(source)
        } catch let refusal as WorkloadModule.Refusal {
            // Those in use are still whole, and the same.
            if isKnown { try note(mark, options) }
            throw refusal
        }
        // What was exchanged by a hook that was killed has not changed now, and no worker may have seen it.
        if changed || !isKnown { try reload() }
        try note(mark, options)
        return changed
    }

    /// Has Indico's workers load all that is there anew.
    ///
    /// - Throws: ``WorkloadModule/Refusal`` when they do not; `ContainerError` when the container cannot be asked.
    func reload() throws {
        _ = try module.ask(
            "reload",
            ["trigger": .string(layout.uwsgiReloadTrigger), "after": .string("now"), "timeout": .integer(240)],
            timeout: .seconds(260)
        )
    }

    private func exchange(_ source: String?) throws -> Bool {
        let reply =
            if let source {
                try module.ask("customize", ["source": .string(source)], timeout: .seconds(300))
            } else {
                try module.ask("drop-customization")
            }
        return reply["changed"] == .bool(true)
    }

    private func noted() throws -> String {
        String(decoding: try container.pullIfPresent(layout.customizationMark) ?? [], as: UTF8.self)
    }

    private func note(_ mark: String, _ options: FileOptions) throws {
        try container.push(mark, to: layout.customizationMark, options: options)
    }

    private static func mark(of source: String?) -> String { source.map { mark(of: $0) } ?? "" }

    /// What is noted of a text that was used: it may hold credentials, so not the text itself.
    static func mark(of text: String) -> String {
        // FNV-1a; it only has to tell one text from the next.
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
