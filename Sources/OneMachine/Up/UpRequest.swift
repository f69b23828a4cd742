// SPDX-License-Identifier: Apache-2.0

/// What `up` was asked for.
package struct UpRequest: Sendable {
    package var state: StateDirectory
    package var external: [LocalServerName: ServerURL]
    package var environment: [String: String]
    /// Where our programs are now.
    package var programs: String
    /// How long Indico may take to get going.
    package var timeout: Duration
    /// Whether Prometheus and Alertmanager are to run beside the rest.
    package var observability: Bool
    /// A file of requirements of the operator's own to install Indico from; ours when nil.
    package var requirements: String?

    package init(
        state: StateDirectory,
        external: [LocalServerName: ServerURL],
        environment: [String: String],
        programs: String,
        timeout: Duration = .seconds(900),
        observability: Bool = false,
        requirements: String? = nil
    ) {
        self.state = state
        self.external = external
        self.environment = environment
        self.programs = programs
        self.timeout = timeout
        self.observability = observability
        self.requirements = requirements
    }
}
