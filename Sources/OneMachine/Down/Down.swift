// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Stops everything, in order, and waits until it has.
package struct Down: Sendable {
    private let state: StateDirectory
    private let environment: [String: String]
    private let supervisor: LocalSupervisor

    package init(state: StateDirectory, environment: [String: String]) {
        self.state = state
        self.environment = environment
        supervisor = LocalSupervisor(state: state)
    }

    package func run(screen: StepScreen) throws {
        let lock = try StateLock(state, holding: "down")
        try stop(screen: screen)
        _ = consume lock
    }

    func stop(screen: StepScreen) throws {
        try screen.step("Stopping") { meter in
            let unit = try SystemdUnit.chosen(state: state, userID: geteuid(), environment: environment)
            if unit.isActive() {
                meter.update("by systemd")
                try unit.stop()
                return "stopped"
            }
            if supervisor.process() == nil {
                guard isAnythingLeft else { return "nothing was running" }
                // The supervisor was killed and nothing brought it back: a new one knows what to end.
                try supervisor.start(environment: environment)
            }
            try supervisor.stop { meter.update("\($0) processes left") }
            return "stopped"
        }
    }

    /// Whether a Pebble of ours still answers although its supervisor does not.
    private var isAnythingLeft: Bool {
        ContainerName.workload.contains { SocketPeer.process(listeningOn: state.socket($0)) != nil }
            || SocketPeer.process(listeningOn: state.controlSocket) != nil
    }
}
