// SPDX-License-Identifier: Apache-2.0
import CharmKit

/// Which changes were written to a container but not yet taken up by what reads them.
///
/// It is kept in the container itself, written before the first changed file and removed after the last process took
/// its change up: whenever a hook is killed, the next one finds what is left to do.
struct PendingChanges: Hashable {
    var readers: Set<DesiredFile.Reader> = []

    init(readers: Set<DesiredFile.Reader> = []) {
        self.readers = readers
    }

    init(text: String) {
        readers = Set(text.split(separator: "\n").compactMap { DesiredFile.Reader(word: String($0)) })
    }

    var text: String { readers.map(\.word).sorted().map { $0 + "\n" }.joined() }

    static func read(_ container: Container, _ path: String) throws -> PendingChanges {
        guard let bytes = try container.pullIfPresent(path) else { return PendingChanges() }
        return PendingChanges(text: String(decoding: bytes, as: UTF8.self))
    }

    func write(_ container: Container, _ path: String, options: FileOptions) throws {
        try container.push(text, to: path, options: options)
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
        case .eachUse: "each-use"
        }
    }

    init?(word: String) {
        switch word {
        case "application": self = .application
        case "uwsgi": self = .uwsgi
        case "nginx": self = .nginx
        case "plan": self = .plan
        case "each-use": self = .eachUse
        default:
            guard word.hasPrefix("service:") else { return nil }
            self = .service(String(word.dropFirst("service:".count)))
        }
    }
}
