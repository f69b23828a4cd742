// SPDX-License-Identifier: Apache-2.0

/// The version of a Python, to be compared.
package struct PythonVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    package let micro: Int

    package init(_ major: Int, _ minor: Int, _ micro: Int = 0) {
        self.major = major
        self.minor = minor
        self.micro = micro
    }

    /// Reads `3.11.2`; nil where there are not three numbers.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let major = parts[0], let minor = parts[1], let micro = parts[2] else { return nil }
        self.init(major, minor, micro)
    }

    /// As directories are named by it: `3.11`.
    package var short: String { "\(major).\(minor)" }
    package var description: String { "\(short).\(micro)" }

    package static func < (one: PythonVersion, other: PythonVersion) -> Bool {
        (one.major, one.minor, one.micro) < (other.major, other.minor, other.micro)
    }
}

/// A Python of the distribution's.
package struct PythonInterpreter: Hashable, Sendable {
    package let path: String
    package let version: PythonVersion
    /// Whether it can make virtual environments: Debian has that in a package of its own.
    package let makesEnvironments: Bool

    package init(path: String, version: PythonVersion, makesEnvironments: Bool = true) {
        self.path = path
        self.version = version
        self.makesEnvironments = makesEnvironments
    }

    /// Where the distribution has them.
    ///
    /// No Python from elsewhere on the path is taken: one below a home could not be read by the workload's account.
    package static let places = ["/usr/bin/python3", "/usr/bin/python3.12"]

    /// The Pythons that are there, in the order of the places.
    package static func find(at places: [String] = places) throws -> [PythonInterpreter] {
        try places.compactMap { try PythonInterpreter(asking: $0) }
    }

    /// Asks the program itself; nil where there is none that runs.
    package init?(asking path: String) throws {
        guard FileStore.isExecutable(path) else { return nil }
        let program = """
            import sys
            print('%d.%d.%d' % sys.version_info[:3])
            import ensurepip, venv
            print('venv')
            """
        let lines = try SetupCommand(path, ["-c", program]).run().standardOutput.split(separator: "\n")
        guard let version = lines.first.flatMap({ PythonVersion($0) }) else { return nil }
        self.init(path: path, version: version, makesEnvironments: lines.contains("venv"))
    }
}
