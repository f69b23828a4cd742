// SPDX-License-Identifier: Apache-2.0

/// A failure as the person at the terminal needs it: what happened, and what to do about it.
package struct OperatorError: Error, Equatable, CustomStringConvertible {
    /// What happened, with the name of the thing it happened to; lower case, no full stop.
    package var message: String
    /// What to do, in one or two sentences; empty where the message says it all.
    package var remedy: String
    /// Lines of a program's output that show why.
    package var evidence: [String]

    package init(_ message: String, remedy: String = "", evidence: [String] = []) {
        self.message = message
        self.remedy = remedy
        self.evidence = evidence
    }

    package var description: String {
        var text = evidence.map { "    \($0)\n" }.joined()
        if !text.isEmpty { text += "\n" }
        text += "error: \(message)"
        if !remedy.isEmpty {
            text +=
                "\n"
                + remedy.split(separator: "\n", omittingEmptySubsequences: false).map { "       \($0)" }
                .joined(separator: "\n")
        }
        return text
    }
}
