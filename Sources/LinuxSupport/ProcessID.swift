// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The kernel's number of a process.
package struct ProcessID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// This very process.
    package static var current: ProcessID { ProcessID(rawValue: getpid()) }

    package var description: String { String(rawValue) }
}
