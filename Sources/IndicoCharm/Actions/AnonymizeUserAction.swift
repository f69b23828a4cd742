// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// Action `anonymize-user`: takes out of Indico what identifies up to 50 people, and tells what became of each.
struct AnonymizeUserAction {
    let module: WorkloadModule

    static let limit = 50

    func run(_ action: Action) throws {
        let emails = try action.parameters().string("email").split(separator: ",").map(trimmed).filter { !$0.isEmpty }
        guard !emails.isEmpty else { throw ActionError.badParameter(name: "email", problem: "must be set") }
        guard emails.count <= Self.limit else {
            throw ActionError.badParameter(name: "email", problem: "must list at most \(Self.limit) addresses")
        }
        do {
            let request: [String: JSONValue] = ["emails": .array(emails.map { .string($0) })]
            let reply = try module.ask("anonymize-user", request, timeout: .seconds(300))
            guard case .object(let results)? = reply["results"] else { return }
            let lines = results.mapValues { $0.text ?? "failed" }.sorted { $0.key < $1.key }
            try action.setResults([
                "user": emails.joined(separator: ","),
                "output": lines.map { "\($0.key): \($0.value)" }.joined(separator: "\n"),
            ])
            let failed = lines.filter { $0.value != "anonymized" }.map(\.key)
            if !failed.isEmpty { action.fail("not anonymized: \(failed.joined(separator: ", "))") }
        } catch let refusal as WorkloadModule.Refusal {
            throw ActionError.failed("cannot anonymize: \(refusal.message)")
        } catch let error as ContainerError {
            throw ActionError.failed("\(error)")
        }
    }

    private func trimmed(_ text: Substring) -> String {
        text.filter { !$0.isWhitespace }
    }
}
