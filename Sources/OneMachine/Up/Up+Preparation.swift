// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

extension Up {
    /// Rights, room and ports, before anything is done that would have to be undone.
    func check(_ meter: StepMeter) throws -> String {
        choice = try IndicoChoice.find(for: state)
        let isInstalled = try InstalledEnvironments(state: state).currentWorks()
        try DiskSpace.check(
            free: DiskSpace.free(at: state.path),
            needed: isInstalled ? DiskSpace.neededForRunning : DiskSpace.neededForInstallation,
            path: state.path
        )
        settings = try Settings.read(from: state)
        if !request.external.isEmpty { settings.external.merge(request.external) { $1 } }
        let isRunning = supervisor.process() != nil
        if !isRunning { try checkPorts() }
        try settings.choosePorts { WantedPort($0, purpose: "a local server").isFree() }
        try settings.write(to: state)
        return isRunning ? "running already" : "room, rights and ports"
    }

    /// What the charm's services and our servers need.
    ///
    /// A port of ours that a stranger took since is moved.
    private func checkPorts() throws(OperatorError) {
        // Processes of an installation whose supervisor was killed: it will end them itself.
        let ownDirectory = state.path + "/"
        try PortCheck.check(
            WantedPort.workload,
            isFree: { port in
                port.isFree() || PortHolder.find(port)?.arguments.contains { $0.contains(ownDirectory) } ?? false
            }
        )
    }

    /// Our programs, the charm and the directories.
    func layOut(_ meter: StepMeter) throws -> String {
        let known = Account.named(Account.systemName) != nil
        let account = try SystemUser.ensure(for: state)
        if !known && geteuid() == 0 { try StateMarker(path: state.path, madeSystemUser: true).write(to: state) }
        self.account = account
        try StateClaim.checkAccess(state, account: account)
        meter.update("programs")
        let payload = try Payload.locate(programs: request.programs, state: state)
        let changed = try Programs.install(from: request.programs, to: state)
        let kept = try payload.keep(in: state, release: requiredChoice().release)
        meter.update("charm")
        let charmChanged = try CharmDirectory.unpack(kept, to: state, version: OperatorVersion.text)
        for directory in [state.tools, state.servers] { try FileStore.makeDirectory(directory, mode: 0o755) }
        try FileStore.makeDirectory(state.agent, mode: 0o700)
        try WorkloadRoot(state: state, account: account).prepare()
        try ShellCommand.link(state: state, environment: request.environment)
        if changed.isEmpty && !charmChanged { return "as user \(account.name)" }
        if supervisor.process() != nil && !changed.isEmpty {
            return "new programs; 'down' and 'up' puts them to use"
        }
        return "as user \(account.name)"
    }

    /// The virtual environment: made where there is none, and never changed under an installation that has one.
    func installPython(_ meter: StepMeter) throws -> String {
        let environments = InstalledEnvironments(state: state)
        let wanted = try wantedEnvironment()
        if environments.standsInPlace {
            // As older versions of this program made it. Processes that run use it until the next `down`.
            guard supervisor.process() == nil else { return "Indico is here" }
            try DirectoryRemoval.remove(state.pythonEnvironment)
        }
        if try environments.currentWorks() {
            let isWanted = environments.current == nil || environments.current == wanted.name
            return "Indico is here" + (isWanted ? "" : "; 'refresh' changes it to \(wanted.description)")
        }
        if let environment = wanted.environment, try !environment.isComplete() {
            try EnvironmentBuild(
                environment: environment,
                log: LogFile(state.logs + "/python.log"),
                variables: request.environment
            ).run(meter)
        }
        try environments.use(wanted.name)
        return "\(wanted.description), \(PipMeter.count(in: wanted.environment?.requirements ?? "")) packages"
    }

    private func wantedEnvironment() throws -> RefreshTarget {
        let choice = try requiredChoice()
        let pinned = Payload(directory: state.path + "/share").requirements(for: choice.release)
        let file = request.requirements ?? pinned
        guard let text = try FileStore.text(file) else { throw OperatorError("there is no file \(file)") }
        return RefreshTarget(requirements: text, interpreter: choice.interpreter, state: state)
    }
}
