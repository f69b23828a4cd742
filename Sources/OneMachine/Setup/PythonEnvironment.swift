// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The virtual environment with Indico and uWSGI in it.
///
/// It is made in place, as its scripts hold absolute paths, with a mark of the requirements it was made from. Without
/// the mark it is unfinished, and the next run makes it anew.
package struct PythonEnvironment: Sendable {
    package let path: String
    /// The text of the requirements file.
    package let requirements: String
    package let interpreter: PythonInterpreter

    package init(path: String, requirements: String, interpreter: PythonInterpreter) {
        self.path = path
        self.requirements = requirements
        self.interpreter = interpreter
    }

    private var markPath: String { Self.markPath(of: path) }
    private static func markPath(of path: String) -> String { path + "/.complete" }
    private var requirementsPath: String { path + "/requirements.txt" }
    private var constraintsPath: String { path + "/build-constraints.txt" }
    package var python: String { path + "/bin/python" }

    /// What a finished environment carries: the interpreter and the requirements it was made with.
    private var mark: String { "\(interpreter.path) \(interpreter.version.short)\n\(requirements)" }

    /// Whether it is there, whole and of these requirements.
    package func isComplete() throws -> Bool {
        try FileStore.isExecutable(python) && FileStore.text(markPath) == mark
    }

    /// The path of the interpreter that a finished environment was made with; nil where there is none.
    package static func interpreter(ofFinished path: String) throws -> String? {
        try FileStore.text(markPath(of: path))?.split(separator: " ", maxSplits: 1).first.map(String.init)
    }

    /// Makes the empty environment.
    package func create(log: LogFile) throws {
        try DirectoryRemoval.remove(path)
        try FileStore.makeDirectory(path, mode: 0o755)
        let outcome = try SetupCommand(interpreter.path, ["-m", "venv", path]).run(log: log)
        guard outcome.succeeded else {
            throw OperatorError(
                "the virtual environment cannot be made with \(interpreter.path) \(interpreter.version)",
                remedy: "It says why, above; all of it is in \(log.path). Run this again once it is put right.",
                evidence: Array(outcome.lastLines.suffix(6))
            )
        }
    }

    /// Installs the requirements; says how it goes.
    package func install(log: LogFile, environment: [String: String], meter: (PipMeter) -> Void) throws {
        try FileStore.write(requirements, to: requirementsPath, mode: 0o644)
        try FileStore.write(Self.buildConstraints(requirements), to: constraintsPath, mode: 0o644)
        var progress = PipMeter(total: PipMeter.count(in: requirements))
        let arguments = [
            "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--no-deps",
            "--no-binary", "uwsgi", "--requirement", requirementsPath,
        ]
        // uWSGI's own plugin for StatsD is left out of it unless asked for while it is compiled.
        let variables = environment.merging([
            "UWSGI_EMBED_PLUGINS": "stats_pusher_statsd", "PYTHONDONTWRITEBYTECODE": "1",
            "PIP_CONSTRAINT": constraintsPath,
        ]) { $1 }
        let outcome = try SetupCommand(python, arguments, environment: variables).run(log: log) { line in
            progress.read(line)
            meter(progress)
        }
        guard outcome.succeeded else {
            throw PipFailure.explain(outcome.lastLines, log: log.path)
        }
        try checkSignatures(log: log, environment: variables)
    }

    /// What packages are built against: xmlsec takes the headers of lxml, which must be those of the lxml in use.
    package static func buildConstraints(_ requirements: String) -> String {
        requirements.split(separator: "\n").filter { $0.hasPrefix("lxml==") }.map { $0 + "\n" }.joined()
    }

    /// What SAML signs with has to hold the same libxml2 as lxml.
    ///
    /// pip keeps what it built once, and that may have been against another; then it is built anew.
    private func checkSignatures(log: LogFile, environment: [String: String]) throws {
        guard requirements.contains("\n--no-binary xmlsec\n"),
            let package = requirements.split(separator: "\n").first(where: { $0.hasPrefix("xmlsec==") })
        else { return }
        let importing = ["-c", "import lxml.etree, xmlsec"]
        if try SetupCommand(python, importing).run(log: log).succeeded { return }
        let arguments = [
            "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-deps", "--no-cache-dir",
            "--force-reinstall", "--no-binary", "xmlsec", String(package),
        ]
        let built = try SetupCommand(python, arguments, environment: environment).run(log: log)
        guard built.succeeded else { throw PipFailure.explain(built.lastLines, log: log.path) }
        let outcome = try SetupCommand(python, importing).run(log: log)
        guard outcome.succeeded else {
            throw OperatorError(
                "the Python package xmlsec does not go with this machine's libxml2",
                remedy: "Is Debian up to date? All that was said is in \(log.path).",
                evidence: Array(outcome.lastLines.suffix(3))
            )
        }
    }

    /// Compiles every module once, here, so that no process has to (the workload's account could not even keep it).
    package func compile(log: LogFile) throws {
        _ = try SetupCommand(python, ["-m", "compileall", "-q", "-j", "0", path + "/lib"]).run(log: log)
    }

    /// Packs what browsers fetch once, here: nginx sends such a file 74 times as often as one it packs itself.
    ///
    /// A file that cannot be packed is sent as it is.
    package func packStaticFiles(log: LogFile) throws {
        let kinds = ["*.css", "*.js", "*.json", "*.map", "*.svg", "*.txt", "*.ttf", "*.otf", "*.eot"]
        let names = kinds.flatMap { ["-o", "-name", $0] }.dropFirst()
        let arguments =
            [sitePackages + "/indico/web/static", "-type", "f", "-size", "+1000c", "("] + names
            + [")", "-exec", "gzip", "-9", "-k", "-n", "-f", "{}", "+"]
        _ = try SetupCommand("/usr/bin/find", arguments).run(log: log)
    }

    /// Says that all of it is there.
    package func finish() throws {
        try FileStore.write(mark, to: markPath, mode: 0o644)
    }

    /// The directory of the installed modules.
    package var sitePackages: String { "\(path)/lib/python\(interpreter.version.short)/site-packages" }
}

/// Says why pip failed, in words of ours.
package enum PipFailure {
    package static func explain(_ lines: [String], log: String) -> OperatorError {
        let text = lines.joined(separator: "\n")
        let evidence = Array(lines.filter { !$0.hasPrefix("WARNING: You are using pip") }.suffix(6))
        let networkFailure = [
            "Temporary failure in name resolution", "Name or service not known", "Network is unreachable",
            "Connection refused", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "Connection aborted",
            "NewConnectionError", "No matching distribution found",
        ].first { text.contains($0) }
        if text.contains("No space left on device") {
            return OperatorError(
                "the disk is full",
                remedy: "Make room, then run this again; it starts this step anew.",
                evidence: evidence
            )
        }
        if let networkFailure {
            return OperatorError(
                "the Python packages cannot be fetched from PyPI",
                remedy:
                    "Is the network up? With a proxy, set https_proxy; with a mirror, PIP_INDEX_URL.\nThen run this again.",
                evidence: ["pip: \(networkFailure)"]
            )
        }
        return OperatorError(
            "the Python packages cannot be installed",
            remedy: "pip says why; all of it is in \(log).",
            evidence: evidence
        )
    }
}
