// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// The backups of one place.
struct Backups {
    let module: WorkloadModule
    let place: BackupPlace

    /// A database of years takes its time.
    private static let patience = Duration.seconds(12 * 3600)

    /// Asks the workload's module for something about the place.
    ///
    /// - Parameters:
    ///   - verb: What.
    ///   - request: What it needs to know besides the place.
    /// - Returns: The reply.
    /// - Throws: ``ActionError`` that says why not.
    func ask(_ verb: String, _ request: [String: JSONValue] = [:]) throws -> [String: JSONValue] {
        var request = request
        request["target"] = place.request
        do {
            return try module.ask(verb, request, timeout: Self.patience)
        } catch let refusal as WorkloadModule.Refusal {
            throw ActionError.failed(refusal.message)
        } catch let error as ContainerError {
            throw ActionError.failed("\(error)")
        }
    }

    /// Action `create-backup`.
    func create(_ action: Action) throws {
        let reply = try ask("create-backup")
        try action.setResults([
            "backup": reply["name"]?.text ?? "", "place": reply["place"]?.text ?? "",
            "size": Self.size(reply["size"]), "rows": Self.counts(reply["counts"]),
        ])
        if case .array(let elsewhere)? = reply["elsewhere"], !elsewhere.isEmpty {
            let names = elsewhere.compactMap(\.text).joined(separator: ", ")
            try action.setResults(["not-included": "files in the storage backends \(names), which are not here"])
        }
    }

    /// Action `list-backups`.
    func list(_ action: Action) throws {
        let reply = try ask("list-backups")
        guard case .array(let backups)? = reply["backups"] else { return }
        let lines = backups.compactMap { entry -> String? in
            guard case .object(let backup) = entry, let name = backup["name"]?.text else { return nil }
            if let problem = backup["problem"]?.text { return "\(name)  \(problem)" }
            let words = [name, Self.size(backup["size"]), "Indico \(backup["indico"]?.text ?? "?")"]
            return (words + [backup["reason"]?.text ?? ""]).joined(separator: "  ")
        }
        try action.setResults([
            "place": reply["place"]?.text ?? "", "count": "\(lines.count)",
            "backups": lines.isEmpty ? "none" : lines.joined(separator: "\n"),
        ])
    }

    private static func size(_ value: JSONValue?) -> String {
        guard case .integer(let bytes)? = value else { return "" }
        return bytes < 10_000_000 ? "\(bytes / 1000) kB" : "\(bytes / 1_000_000) MB"
    }

    private static func counts(_ value: JSONValue?) -> String {
        guard case .object(let counts)? = value else { return "" }
        return counts.sorted { $0.key < $1.key }.compactMap { table, count in
            guard case .integer(let number) = count else { return nil }
            return "\(table): \(number)"
        }
        .joined(separator: ", ")
    }
}
