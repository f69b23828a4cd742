// SPDX-License-Identifier: Apache-2.0

/// A pod as it shall be: a value from which podman's commands are made.
package struct PodDescription: Sendable, Equatable {
    /// A container of it.
    package struct Container: Sendable, Equatable {
        package var name: String
        package var image: String
        /// What the image's Pebble is told.
        package var arguments: [String]
        package var environment: [String: String] = [:]
        /// Directories of this machine, and where the container sees them.
        package var volumes: [(source: String, target: String)] = []
        /// Whether it may write only to its volumes and what its image lets it.
        package var keepsCapabilities = false

        package static func == (left: Container, right: Container) -> Bool {
            left.name == right.name && left.image == right.image && left.arguments == right.arguments
                && left.environment == right.environment
                && left.volumes.elementsEqual(right.volumes, by: ==)
        }
    }

    package var name: String
    package var address: String
    package var network: String
    /// A port of this machine's loopback address, and the pod's.
    package var published: (host: UInt16, pod: UInt16)?
    package var containers: [Container]

    package static func == (left: PodDescription, right: PodDescription) -> Bool {
        left.name == right.name && left.address == right.address && left.network == right.network
            && left.published?.host == right.published?.host && left.containers == right.containers
    }

    /// Names the containers have at podman's.
    package func containerName(_ container: Container) -> String { "\(name)-\(container.name)" }

    /// The commands that make and start it, one after the other.
    package func commands(label: String) -> [[String]] {
        var create = [
            "pod", "create", "--name", name, "--network", network, "--ip", address, "--hostname", name, "--label",
            label,
        ]
        if let published { create += ["--publish", "127.0.0.1:\(published.host):\(published.pod)"] }
        return [create]
            + containers.map { container in
                var command = [
                    "create", "--pull", "never", "--pod", name, "--name", containerName(container), "--label", label,
                    "--label", "indico-operator-container=\(container.name)", "--restart", "no",
                    "--security-opt", "no-new-privileges", "--stop-timeout", "90",
                ]
                if !container.keepsCapabilities { command += ["--cap-drop", "all"] }
                for (name, value) in container.environment.sorted(by: { $0.key < $1.key }) {
                    command += ["--env", "\(name)=\(value)"]
                }
                for volume in container.volumes { command += ["--volume", "\(volume.source):\(volume.target)"] }
                return command + [container.image] + container.arguments
            } + [["pod", "start", name]]
    }
}
