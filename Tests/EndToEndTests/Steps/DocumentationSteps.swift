// SPDX-License-Identifier: Apache-2.0
import Glibc
import OneMachine

/// What the documentation tells people to do, done on this installation.
extension EndToEndTests {
    private func script(_ name: String, _ words: [String], _ journey: Journey, input: String = "") throws {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
        var environment = EndToEnd.environment
        environment["INDICO_OPERATOR_STATE_DIR"] = journey.machine.state.path
        environment["PROGRAMS"] = journey.machine.programs
        let outcome = try SetupCommand(
            root + "/scripts/" + name,
            words,
            environment: environment,
            input: Array(input.utf8)
        ).run()
        journey.note(outcome.standardOutput)
        try ensure(outcome.succeeded, "\(name): \(outcome.exit)\n\(outcome.lastLines.joined(separator: "\n"))")
    }

    /// A real browser signs in, makes a conference, registers for it, sees new colours, and a mail comes.
    func walkWithBrowser(_ journey: Journey) throws {
        try journey.machine.settle()
        try script(
            "browser.py",
            ["--email", Self.administrator, "--operator", journey.machine.programs + "/indico-operator"],
            journey,
            input: Self.password + "\n"
        )
        try journey.machine.settle()
    }
}
