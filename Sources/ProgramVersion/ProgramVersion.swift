// SPDX-License-Identifier: Apache-2.0
import CVersion

/// The version all programs of this package share: that of the Git tag in a release, `…-dev` where none was given.
package enum ProgramVersion {
    package static var text: String { String(cString: indico_operator_version()) }

    /// Prints it when that is all the arguments ask for, for programs without a command line of their own.
    ///
    /// - Parameter arguments: Those of the process, its own name first.
    /// - Returns: Whether it was asked for.
    package static func tellIfAsked(_ arguments: [String]) -> Bool {
        guard arguments.count == 2, arguments[1] == "--version" else { return false }
        print("\(programName(arguments[0])) \(text)")
        return true
    }

    static func programName(_ path: String) -> String {
        String(path.split(separator: "/").last ?? "program")
    }
}
