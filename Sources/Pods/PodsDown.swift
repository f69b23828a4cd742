// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
package import OneMachine

/// Takes the pods down; what they hold stays, until it is destroyed.
package struct PodsDown {
    private let layout: PodLayout
    private let environment: [String: String]
    private let podman: Podman

    package init(state: StateDirectory, environment: [String: String]) {
        layout = PodLayout(state)
        self.environment = environment
        podman = Podman(layout, environment: environment)
    }

    /// Stops everything, units before servers.
    package func run(screen: StepScreen) throws {
        let lock = try StateLock(layout.state, holding: "down")
        try stop(screen: screen)
        _ = consume lock
    }

    private func stop(screen: StepScreen) throws {
        try screen.step("Stopping") { meter in
            try PodSpec.change(layout) { $0.isDown = true }
            let supervisor = PodSupervisor(layout: layout)
            // The controller takes the pods down; where it does not run, it is started for that.
            if supervisor.process() == nil {
                if try podman.containers().isEmpty { return "nothing was running" }
                _ = try supervisor.start(environment: environment)
            }
            let deadline = ContinuousClock.now + .seconds(300)
            while true {
                let left = Set(try podman.containers().map(\.pod)).sorted()
                if left.isEmpty { break }
                meter.update(left.joined(separator: ", "))
                guard .now < deadline else {
                    throw OperatorError(
                        "\(left.joined(separator: ", ")) did not stop",
                        remedy: "'indico-operator status' tells more."
                    )
                }
                usleep(500_000)
            }
            try supervisor.stop()
            return "stopped"
        }
    }

    /// Stops everything and deletes it.
    package func destroy(screen: StepScreen) throws {
        guard try StateMarker.read(from: layout.state) != nil else {
            throw OperatorError("\(layout.state.path) is not an installation of ours", remedy: "Nothing was deleted.")
        }
        let lock = try StateLock(layout.state, holding: "destroy")
        try stop(screen: screen)
        try screen.step("Deleting") { meter in
            if let spec = try PodSpec.read(layout) { _ = try podman.tryRun(["network", "rm", PodNetwork.name(spec)]) }
            let marker = layout.state.marker.split(separator: "/").last.map(String.init)
            for name in try FileStore.names(in: layout.state.path) where name != marker {
                meter.update(name)
                try DirectoryRemoval.remove(layout.state.path + "/" + name)
            }
            try DirectoryRemoval.remove(layout.state.path)
            return layout.state.path
        }
        _ = consume lock
    }
}
