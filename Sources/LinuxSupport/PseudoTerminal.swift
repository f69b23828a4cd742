// SPDX-License-Identifier: Apache-2.0
internal import CLinux
import Glibc

/// The two ends of a pseudo-terminal; whoever makes one closes both.
package struct PseudoTerminal: Sendable {
    /// The end that plays the screen and keyboard.
    package let controller: Int32
    /// The end the program takes for a terminal.
    package let terminal: Int32

    package init() throws(SystemError) {
        var controller: Int32 = -1
        var terminal: Int32 = -1
        let number = clinux_open_terminal(&controller, &terminal)
        guard number == 0 else { throw SystemError(number: number, operation: "open a pseudo-terminal") }
        self.controller = controller
        self.terminal = terminal
    }

    /// Sets the size, which signals the program in it.
    package func resize(columns: UInt16, rows: UInt16) throws(SystemError) {
        try Self.resize(controller, columns: columns, rows: rows)
    }

    /// Sets the size of the terminal behind a descriptor.
    package static func resize(_ descriptor: Int32, columns: UInt16, rows: UInt16) throws(SystemError) {
        let number = clinux_set_terminal_size(descriptor, rows, columns)
        guard number == 0 else { throw SystemError(number: number, operation: "resize a terminal") }
    }
}
