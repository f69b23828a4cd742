// SPDX-License-Identifier: Apache-2.0

/// Makes a virtual environment from nothing: minutes, most of them pip's and a compiler's.
package struct EnvironmentBuild {
    let environment: PythonEnvironment
    /// Where what is said is kept.
    let log: LogFile
    /// The variables of whoever asked, of which pip gets those about the network.
    let variables: [String: String]
    /// The environment in use, whose uWSGI may serve in the new one too: compiling one takes longer than all the rest.
    let donor: String?

    package init(environment: PythonEnvironment, log: LogFile, variables: [String: String], donor: String? = nil) {
        self.environment = environment
        self.log = log
        self.variables = variables
        self.donor = donor
    }

    /// Makes it; one that was begun before is cleared away.
    ///
    /// - Parameter meter: Shown how far it is.
    /// - Throws: ``OperatorError`` that says why it cannot be made.
    package func run(_ meter: StepMeter) throws {
        meter.update("virtual environment")
        try environment.create(log: log)
        let takesOver = try donor.map { try environment.takeCompiled(from: $0, log: log) } ?? false
        try environment.install(log: log, environment: networkVariables, hasCompiled: takesOver) { progress in
            meter.update(done: progress.done, of: progress.total, progress.detail)
        }
        meter.update("compiling")
        try environment.compile(log: log)
        meter.update("packing static files")
        try environment.packStaticFiles(log: log)
        try FileStore.link(environment.path + "/static", to: environment.sitePackages + "/indico/web/static")
        try environment.finish()
    }

    /// What pip may be told by its environment: mirrors, proxies, certificates, a cache's place.
    private var networkVariables: [String: String] {
        variables.filter { name, _ in
            name.hasPrefix("PIP_") || name.lowercased().hasSuffix("_proxy")
                || ["HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TMPDIR"].contains(name)
        }
    }
}
