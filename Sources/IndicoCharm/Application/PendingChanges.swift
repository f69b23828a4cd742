// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// Which changes were written to a container but not yet taken up by what reads them.
///
/// It is kept in the container itself, written before the first changed file and removed after the last process took
/// its change up: whenever a hook is killed, the next one finds what is left to do.
struct PendingChanges: Hashable {
    var readers: Set<DesiredFile.Reader> = []
    /// When the last changed file was in place; nil when that is not known.
    var completedAt: Timestamp?

    init(readers: Set<DesiredFile.Reader> = []) {
        self.readers = readers
    }

    init(text: String) {
        readers = Set(text.split(separator: "\n").compactMap { DesiredFile.Reader(word: String($0)) })
    }

    var text: String { readers.map(\.word).sorted().map { $0 + "\n" }.joined() }

    static func read(_ container: Container, _ path: String) throws -> PendingChanges {
        guard let bytes = try container.pullIfPresent(path) else { return PendingChanges() }
        var pending = PendingChanges(text: String(decoding: bytes, as: UTF8.self))
        pending.completedAt = try container.fileInfo(path)?.lastModified
        return pending
    }

    /// Writes the note; done before the first changed file, and again after the last.
    mutating func write(_ container: Container, _ path: String, options: FileOptions) throws {
        try container.push(text, to: path, options: options)
        completedAt = try container.fileInfo(path)?.lastModified
    }

    /// Whether a service ran through all of the changes and so has not seen them.
    func isOlder(_ service: ServiceInfo?, before: ServiceInfo?) -> Bool {
        guard let service, let before, service.isRunning, before.isRunning else { return false }
        guard service.currentSince == before.currentSince else { return false }
        guard let started = service.currentSince, let completedAt else { return true }
        return started <= completedAt
    }
}

extension DesiredFile.Reader {
    var word: String {
        switch self {
        case .application: "application"
        case .uwsgi: "uwsgi"
        case .nginx: "nginx"
        case .service(let name): "service:\(name)"
        case .plan: "plan"
        case .module: "module"
        case .eachUse: "each-use"
        }
    }

    init?(word: String) {
        switch word {
        case "application": self = .application
        case "uwsgi": self = .uwsgi
        case "nginx": self = .nginx
        case "plan": self = .plan
        case "module": self = .module
        case "each-use": self = .eachUse
        default:
            guard word.hasPrefix("service:") else { return nil }
            self = .service(String(word.dropFirst("service:".count)))
        }
    }
}
