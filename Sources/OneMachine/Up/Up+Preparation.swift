// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

extension Up {
    /// Rights, room and ports, before anything is done that would have to be undone.
    func check(_ meter: StepMeter) throws -> String {
        choice = try IndicoChoice.find(for: state)
        let isInstalled = FileStore.exists(state.pythonEnvironment + "/.complete")
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

    /// The virtual environment.
    func installPython(_ meter: StepMeter) throws -> String {
        let payload = Payload(directory: state.path + "/share")
        let choice = try requiredChoice()
        let requirements = try FileStore.text(payload.requirements(for: choice.release)) ?? ""
        let environment = PythonEnvironment(
            path: state.pythonEnvironment,
            requirements: requirements,
            interpreter: choice.interpreter
        )
        if try environment.isComplete() { return "Indico \(choice.release.version) is here" }
        guard supervisor.process() == nil else {
            throw OperatorError(
                "Indico's Python packages are to change, and Indico is running",
                remedy: "Run 'indico-operator down' first, then this again."
            )
        }
        let log = try LogFile(state.logs + "/python.log")
        meter.update("virtual environment")
        try environment.create(log: log)
        try environment.install(log: log, environment: networkVariables) { progress in
            meter.update(done: progress.done, of: progress.total, progress.detail)
        }
        meter.update("compiling")
        try environment.compile(log: log)
        meter.update("packing static files")
        try environment.packStaticFiles(log: log)
        try WorkloadRoot(state: state, account: requiredAccount()).linkStaticFiles(
            sitePackages: environment.sitePackages
        )
        try environment.finish()
        return "Indico \(choice.release.version), \(PipMeter.count(in: requirements)) packages"
    }

    /// What pip may be told by its environment: mirrors, proxies, certificates, a cache's place.
    private var networkVariables: [String: String] {
        request.environment.filter { name, _ in
            name.hasPrefix("PIP_") || name.lowercased().hasSuffix("_proxy")
                || ["HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TMPDIR"].contains(name)
        }
    }
}
