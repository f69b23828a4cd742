// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Glibc

/// The environment this process was started with, without Foundation.
public enum ProcessEnvironment {
    /// Looks up one variable.
    ///
    /// - Parameter name: The variable's name.
    /// - Returns: Its value, or nil when it is not set.
    public static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// Reads all variables; of a name given twice the first counts, as for `getenv`.
    ///
    /// - Returns: The variables by name.
    public static func all() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let assignment = String(cString: text)
            entry += 1
            guard let separator = assignment.firstIndex(of: "=") else { continue }
            let name = String(assignment[..<separator])
            if variables[name] == nil { variables[name] = String(assignment[assignment.index(after: separator)...]) }
        }
        return variables
    }
}
