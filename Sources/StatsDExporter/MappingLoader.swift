// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the mapping file at the start, and again on SIGHUP or when asked over HTTP.
struct MappingLoader: Service {
    /// A mapping file that cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String

        var description: String { "cannot use mapping file \(path):\n\(reason)" }
    }

    private let path: String?
    private let receiver: StatsDReceiver
    private let logger: Logger
    private let hangups: UnixSignalsSequence

    /// Creates a loader; from now on SIGHUP reloads and does not end the process.
    init(path: String?, receiver: StatsDReceiver, logger: Logger) async {
        self.path = path
        self.receiver = receiver
        self.logger = logger
        hangups = await UnixSignalsSequence(trapping: .sighup)
    }

    /// Reads and checks a mapping file; without a path there are no rules.
    ///
    /// - Parameter path: The file's path.
    /// - Returns: The mapping.
    /// - Throws: `Failure` with everything that is wrong.
    static func read(_ path: String?) throws(Failure) -> Mapping {
        guard let path else { return Mapping() }
        do {
            let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
            return try MappingFile.read(text)
        } catch {
            throw Failure(path: path, reason: "\(error)")
        }
    }

    /// Writes the tree of a mapping's globs to a file, in Graphviz's language.
    ///
    /// - Throws: What writing failed with.
    static func dumpTree(of mapping: Mapping, to path: String) throws {
        try AtomicFile.write(Array(try NameMapper(mapping).graph.utf8), to: path, mode: 0o644)
    }

    /// Reads the file again; what is wrong with it is told and the rules stay as they are.
    func reload() {
        guard path != nil else {
            logger.warning("asked to reload, but there is no mapping file")
            return
        }
        do {
            try receiver.reload(try Self.read(path))
            logger.info("mapping file reloaded")
        } catch {
            logger.error("mapping file not reloaded", metadata: ["reason": "\(error)"])
            // Without a mapping there is nothing to fail on: this only counts.
            try? receiver.reload(nil)
        }
    }

    func run() async throws {
        for await _ in hangups.cancelOnGracefulShutdown() { reload() }
    }
}
