// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport
import OneMachine
import PebbleClient

/// The Pebble that keeps the controller running.
///
/// The pods do not depend on it: they run on without either.
package struct PodSupervisor: Sendable {
    let layout: PodLayout

    package init(layout: PodLayout) { self.layout = layout }

    package func process() -> ProcessID? { SocketPeer.process(listeningOn: layout.supervisorSocket) }

    private var layer: String {
        """
        summary: the controller of the pods
        services:
          controller:
            override: replace
            summary: makes the pods what they shall be
            command: \(layout.state.program(.indicoOperator)) pod-controller --state-dir \(layout.state.path)
            startup: enabled
            on-success: restart
            kill-delay: 10s

        """
    }

    package func start(environment: [String: String]) throws -> ProcessID {
        try FileStore.makeDirectory(layout.supervisor + "/layers", mode: 0o755)
        try FileStore.write(layer, to: layout.supervisor + "/layers/001-controller.yaml", mode: 0o644)
        var variables = ["PATH": SetupCommand.path, "LANG": "C.UTF-8", "PEBBLE": layout.supervisor]
        for name in ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "CONTAINERS_STORAGE_CONF"] {
            variables[name] = environment[name]
        }
        let log = layout.state.logs + "/pods.log"
        try DetachedProcess.start(
            layout.state.program(.pebble),
            ["run", "--create-dirs", "--verbose"],
            environment: variables,
            output: log
        )
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            if let process = process() { return process }
            guard .now < deadline else {
                let lines = ((try? FileStore.text(log)) ?? nil)?.split(separator: "\n").suffix(6).map(String.init) ?? []
                throw OperatorError(
                    "the controller's supervisor does not answer",
                    remedy: "Its log is \(log).",
                    evidence: lines
                )
            }
            usleep(50_000)
        }
    }

    /// Ends the controller and its supervisor.
    package func stop() throws {
        guard let process = process() else { return }
        ProcessTable.signal(process, .terminate)
        let deadline = ContinuousClock.now + .seconds(60)
        while let status = ProcessTable.status(of: process), !status.isZombie {
            guard .now < deadline else {
                throw OperatorError("the controller's supervisor, process \(process), has not stopped")
            }
            usleep(50_000)
        }
    }
}
