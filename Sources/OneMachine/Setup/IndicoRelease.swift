// SPDX-License-Identifier: Apache-2.0

/// A release of Indico and the Python it takes.
package struct IndicoRelease: Hashable, Sendable {
    package let version: String
    /// What the release's own metadata say in `Requires-Python`.
    package let pythons: Range<PythonVersion>

    /// The newest release for Python 3.11, which is Debian 12's.
    package static let v329 = IndicoRelease(version: "3.2.9", pythons: PythonVersion(3, 9)..<PythonVersion(3, 12))
    /// The newest release for Python 3.12, which is Ubuntu 24.04's.
    package static let v3314 = IndicoRelease(version: "3.3.14", pythons: PythonVersion(3, 12, 2)..<PythonVersion(3, 13))

    /// Those we have pinned requirements for, the newest first.
    package static let all = [v3314, v329]
}

/// What is to be installed: a release of Indico with a Python it runs on.
package struct IndicoChoice: Hashable, Sendable {
    package let release: IndicoRelease
    package let interpreter: PythonInterpreter

    package init(release: IndicoRelease, interpreter: PythonInterpreter) {
        self.release = release
        self.interpreter = interpreter
    }

    /// Chooses the newest release that one of the Pythons runs.
    ///
    /// An installation keeps the Python it was made with while that is there: a Python that is installed beside it one
    /// day must not turn the next `up` into an upgrade of Indico that nobody asked for.
    package static func make(
        among interpreters: [PythonInterpreter],
        keeping path: String? = nil
    ) throws(OperatorError) -> IndicoChoice {
        let kept = interpreters.filter { $0.path == path }
        for candidates in [kept, interpreters] {
            for release in IndicoRelease.all {
                let fitting = candidates.filter { release.pythons.contains($0.version) && $0.makesEnvironments }
                if let interpreter = fitting.first { return IndicoChoice(release: release, interpreter: interpreter) }
            }
        }
        throw refusal(of: interpreters)
    }

    private static func refusal(of interpreters: [PythonInterpreter]) -> OperatorError {
        for interpreter in interpreters
        where IndicoRelease.all.contains(where: { $0.pythons.contains(interpreter.version) }) {
            return OperatorError(
                "\(interpreter.path) is Python \(interpreter.version), but cannot make virtual environments",
                remedy: "Install what it lacks: apt-get install python\(interpreter.version.short)-venv"
            )
        }
        let found = interpreters.map { "\($0.path) is Python \($0.version)" }
        let wanted = IndicoRelease.all.map {
            "Indico \($0.version) takes Python from \($0.pythons.lowerBound) to before \($0.pythons.upperBound.short)"
        }
        return OperatorError(
            found.isEmpty
                ? "there is no Python: neither \(PythonInterpreter.places.joined(separator: " nor "))"
                : "no Python that Indico takes is here: \(found.joined(separator: ", "))",
            remedy: wanted.joined(separator: ".\n") + ".\nDebian 12 has Python 3.11, Ubuntu 24.04 has 3.12."
        )
    }
}

extension IndicoChoice {
    /// The choice for an installation on this machine.
    package static func find(for state: StateDirectory) throws -> IndicoChoice {
        try make(
            among: PythonInterpreter.find(),
            keeping: PythonEnvironment.interpreter(ofFinished: state.pythonEnvironment)
        )
    }
}
