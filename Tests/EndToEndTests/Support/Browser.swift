// SPDX-License-Identifier: Apache-2.0
import OneMachine

/// A visitor with cookies: curl, as far as people's browsers go in this test.
struct Browser: Sendable {
    let jar: String
    static let site = "http://127.0.0.1:8080"

    struct Page {
        var status: Int
        var location: String
        var body: String

        /// The token that Indico puts in every form and page.
        var token: String? {
            body.firstRange(of: "name=\"csrf_token\"").flatMap {
                Self.attribute("value", after: $0.upperBound, in: body)
            }
                ?? body.firstRange(of: "id=\"csrf-token\"").flatMap {
                    Self.attribute("content", after: $0.upperBound, in: body)
                }
        }

        private static func attribute(_ name: String, after start: String.Index, in body: String) -> String? {
            let rest = body[start...]
            guard let begin = rest.firstRange(of: name + "=\"") else { return nil }
            let value = rest[begin.upperBound...]
            return value.firstIndex(of: "\"").map { String(value[..<$0]) }
        }
    }

    func get(_ path: String) throws -> Page { try request(path, []) }

    /// Asks from another address of this machine: to nginx that is somebody else.
    func get(_ path: String, from address: String) throws -> Page { try request(path, ["--interface", address]) }

    /// Posts a form; fields may repeat.
    ///
    /// They go by standard input, as one is a password.
    func post(_ path: String, _ fields: [(String, String)], headers: [String] = []) throws -> Page {
        let body = fields.map { "\(ServerURL.encoded($0.0))=\(ServerURL.encoded($0.1))" }.joined(separator: "&")
        return try request(path, headers.flatMap { ["--header", $0] } + ["--data-binary", "@-"], input: body)
    }

    private func request(_ path: String, _ options: [String], input: String = "") throws -> Page {
        let outcome = try SetupCommand(
            "/usr/bin/curl",
            [
                "--silent", "--show-error", "--max-time", "60", "--cookie", jar, "--cookie-jar", jar,
                "--write-out", "\n%{http_code} %{redirect_url}",
            ] + options + [Self.site + path],
            input: Array(input.utf8)
        ).run()
        try ensure(outcome.succeeded, "GET \(path): \(outcome.lastLines.joined(separator: " "))")
        let text = outcome.standardOutput
        guard let end = text.lastIndex(of: "\n") else { throw Failure("curl said nothing about \(path)") }
        let words = text[text.index(after: end)...].split(separator: " ", maxSplits: 1)
        return Page(
            status: words.first.flatMap { Int($0) } ?? 0,
            location: words.count > 1 ? String(words[1]) : "",
            body: String(text[..<end])
        )
    }
}
