// SPDX-License-Identifier: Apache-2.0
import UnitAgent

/// The environment that shall be in use.
struct RefreshTarget {
    var name: String
    var environment: PythonEnvironment?
    /// The backup that the database is brought to.
    var restores: String?
    var description: String

    init(name: String, description: String) {
        self.name = name
        self.description = description
    }

    /// The environment that requirements and a Python make.
    init(requirements: String, interpreter: PythonInterpreter, state: StateDirectory) {
        name = InstalledEnvironments.name(requirements: requirements, interpreter: interpreter)
        environment = PythonEnvironment(
            path: InstalledEnvironments(state: state).path(name),
            requirements: requirements,
            interpreter: interpreter
        )
        let version = InstalledEnvironments.indicoVersion(in: requirements)
        description =
            "\(version.map { "Indico \($0)" } ?? "an Indico of your own"), Python \(interpreter.version.short)"
    }
}

extension Refresh {
    /// Finds what is asked for and whether it can be begun; nil when it is in use already.
    func chooseTarget(_ meter: StepMeter) throws -> RefreshTarget? {
        guard let current = environments.current else {
            throw OperatorError(
                environments.standsInPlace
                    ? "this installation has its Python packages where older versions of this program had them"
                    : "no Indico is installed in \(state.path)",
                remedy: environments.standsInPlace
                    ? "Run 'indico-operator down' and 'indico-operator up' once." : "'indico-operator up' installs one."
            )
        }
        let workload = try agent.status().unit.workload
        guard workload.status == "active" || CharmPatience.pausedMessage(workload) != nil else {
            throw OperatorError(
                "Indico is \(workload.status)\(workload.message.isEmpty ? "" : ": " + workload.message)",
                remedy: "Its version is changed when it is well: only then can be told whether the new one is."
            )
        }
        guard let target = try target(), target.name != current else { return nil }
        if target.environment != nil {
            try DiskSpace.check(
                free: DiskSpace.free(at: state.path),
                needed: DiskSpace.neededForInstallation,
                path: state.path
            )
        }
        return target
    }

    private func target() throws -> RefreshTarget? {
        switch request.goal {
        case .newest:
            let choice = try IndicoChoice.make(among: PythonInterpreter.find())
            let payload = try Payload.locate(programs: request.programs, state: state)
            let file = payload.requirements(for: choice.release)
            guard let text = try FileStore.text(file) else {
                throw OperatorError("\(file) is missing", remedy: "'indico-operator up' puts it there.")
            }
            return RefreshTarget(requirements: text, interpreter: choice.interpreter, state: state)
        case .requirements(let file):
            guard let text = try FileStore.text(file) else { throw OperatorError("there is no file \(file)") }
            return RefreshTarget(requirements: text, interpreter: try keptInterpreter(), state: state)
        case .previous(let discardsChanges): return try previous(discardsChanges)
        case .interrupted: return nil
        }
    }

    /// The Python of the environment in use.
    private func keptInterpreter() throws -> PythonInterpreter {
        let found = try PythonInterpreter.find().filter(\.makesEnvironments)
        let kept = try PythonEnvironment.interpreter(ofFinished: state.pythonEnvironment)
        guard let interpreter = found.first(where: { $0.path == kept }) ?? found.first else {
            throw OperatorError("no Python here can make virtual environments")
        }
        return interpreter
    }

    private func previous(_ discardsChanges: Bool) throws -> RefreshTarget {
        guard let previous = try environments.previous() else {
            throw OperatorError("there is no Indico from before to go back to")
        }
        var target = RefreshTarget(name: previous.name, description: "back to \(previous.name)")
        guard try question.database(environments.path(previous.name)).state == "unknown" else { return target }
        guard discardsChanges, previous.backup != "-" else {
            throw OperatorError(
                "the database was upgraded since, and \(previous.name) cannot use it",
                remedy:
                    "With --discard-changes it is brought back to the backup \(previous.backup), from before the upgrade;\nwhat people have written since is then only in the backup that is made first."
            )
        }
        target.restores = previous.backup
        return target
    }

    /// Makes the environment beside the one in use, and has it load the application with the configuration in use.
    func build(_ target: RefreshTarget, _ meter: StepMeter) throws -> String {
        if let environment = target.environment, try !environment.isComplete() {
            try EnvironmentBuild(
                environment: environment,
                log: LogFile(state.logs + "/python.log"),
                variables: request.environment,
                donor: state.pythonEnvironment
            ).run(meter)
        }
        let path = environments.path(target.name)
        meter.update("trying it")
        try question.checkConfiguration(path)
        let database = try question.database(path)
        guard database.state != "unknown" || target.restores != nil else {
            throw OperatorError(
                "the database belongs to another version than Indico \(database.version)",
                remedy: "It can be newer, but not older. Nothing was changed."
            )
        }
        return
            "Indico \(database.version), the database is \(database.state == "current" ? "current" : "to be upgraded")"
    }
}
