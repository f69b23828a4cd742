// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `pebble okay`: put aside what was shown.
struct OkayCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "okay", abstract: "Acknowledge notices and warnings")

    @Flag
    var warnings = false

    func run(in session: Session) throws {
        let marks = try session.memory.load()
        if warnings {
            guard let listed = marks.warningsLastListed else {
                throw CommandFailure("no warnings have been listed; try 'pebble warnings'")
            }
            try session.memory.update { $0.warningsLastOkayed = listed }
            return
        }
        guard marks.noticesLastListed != nil || marks.warningsLastListed != nil else {
            throw CommandFailure("no notices or warnings have been listed; try 'pebble notices' or 'pebble warnings'")
        }
        try session.memory.update { marks in
            marks.noticesLastOkayed = marks.noticesLastListed ?? marks.noticesLastOkayed
            marks.warningsLastOkayed = marks.warningsLastListed ?? marks.warningsLastOkayed
        }
    }
}
