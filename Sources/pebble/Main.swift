// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleCommands
import ProgramVersion

@main
enum Main {
    static func main() {
        if ProgramVersion.tellIfAsked(CommandLine.arguments) { return }
        var environment: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        exit(CommandLineTool.runToEnd(arguments, environment: environment, output: .standard))
    }
}
