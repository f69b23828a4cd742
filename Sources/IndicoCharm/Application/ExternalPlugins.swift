// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// The packages of `external_plugins`, in a directory of their own: Indico's environment stays as it was tested.
struct ExternalPlugins {
    let container: Container
    let module: WorkloadModule
    let layout: WorkloadLayout
    let packages: [String]

    /// Longer than most packages take to be fetched and built.
    private static let patience = Duration.seconds(560)

    /// A mark of the packages; they may hold credentials, so not they themselves.
    private var mark: String { packages.isEmpty ? "" : Customization.mark(of: packages.joined(separator: "\n")) }

    /// Whether others are installed than shall be.
    func differ() throws -> Bool {
        let known = try container.pullIfPresent(layout.pluginsMark) ?? []
        return String(decoding: known, as: UTF8.self) != mark
    }

    /// Installs the packages; those in use are replaced only by a whole set.
    ///
    /// - Parameter options: Who owns what is written.
    /// - Throws: ``WorkloadModule/Refusal`` when pip cannot; `ContainerError` when the container cannot be asked.
    func install(_ options: FileOptions) throws {
        _ = try module.ask(
            "install-plugins",
            ["packages": .array(packages.map { .string($0) }), "directory": .string(layout.plugins)],
            timeout: Self.patience
        )
        try container.push(mark, to: layout.pluginsMark, options: options)
    }
}
