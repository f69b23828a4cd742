// SPDX-License-Identifier: Apache-2.0
import OneMachine

/// Reads one line that must not stand on a command line.
enum FirstLine {
    static func read(_ path: String) throws -> String {
        guard path != "-" else {
            guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                throw OperatorError("standard input is empty")
            }
            return line
        }
        guard let text = try FileStore.text(path) else { throw OperatorError("\(path) is not there") }
        guard let line = text.split(separator: "\n").first, !line.isEmpty else {
            throw OperatorError("\(path) is empty")
        }
        return String(line)
    }
}
