// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// The customization files, fetched from their repository into the workload.
struct Customization {
    let module: WorkloadModule
    let layout: WorkloadLayout

    /// Fetches the files and, when they changed, has Indico's workers take them up.
    ///
    /// - Parameter source: The repository's URL.
    /// - Returns: Whether the files changed.
    /// - Throws: ``WorkloadModule/Refusal`` when they cannot be fetched; `ContainerError` when the container cannot be
    ///   asked.
    func fetch(_ source: String) throws -> Bool {
        let reply = try module.ask("customize", ["source": .string(source)], timeout: .seconds(300))
        guard reply["changed"] == .bool(true) else { return false }
        try reload()
        return true
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

    /// What is remembered of a source that was fetched: it may hold credentials, so not the source itself.
    static func mark(of source: String) -> String {
        // FNV-1a; it only has to tell one source from the next.
        let hash = source.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
