// SPDX-License-Identifier: Apache-2.0

/// The pod of a unit: the three containers Juju makes for this charm on Kubernetes.
package enum UnitPod {
    package static func name(_ number: Int) -> String { "\(PodSpec.application)-\(number)" }

    /// Where Pebble tells a probe how a container is, as Juju has it.
    package static let healthPorts: [(container: String, port: UInt16)] = [
        ("charm", 38812), ("indico", 38813), ("indico-nginx", 38814),
    ]

    /// Where the agent's parts are, inside the container `charm`.
    package static let agentDirectory = "/var/lib/juju/agent"
    package static let charmDirectory = "/var/lib/juju/charm"
    package static let containersDirectory = "/charm/containers"

    package static func describe(_ number: Int, _ spec: PodSpec, _ layout: PodLayout) -> PodDescription {
        let name = name(number)
        func container(_ container: String, _ image: PodImage) -> PodDescription.Container {
            let port = healthPorts.first { $0.container == container }?.port ?? 0
            return PodDescription.Container(
                name: container,
                image: spec.images[image] ?? "",
                arguments: ["run", "--create-dirs", "--http", ":\(port)"] + (image == .charm ? [] : ["--hold"]),
                volumes: [(layout.container(container, of: name), "/charm/container")]
            )
        }
        var charm = container("charm", .charm)
        charm.environment = [
            "UNIT_NUMBER": String(number), "UNIT_ADDRESS": spec.address(ofUnit: number), "MODEL_UUID": spec.modelUUID,
        ]
        // It is root in there, as Juju's is, and each Pebble belongs to somebody else.
        charm.keepsCapabilities = true
        charm.volumes += [(layout.agent(name), agentDirectory)]
        charm.volumes += ["indico", "indico-nginx"].map {
            (layout.container($0, of: name), "\(containersDirectory)/\($0)")
        }
        var indico = container("indico", .indico)
        indico.volumes += [(layout.volume("backups"), "/srv/indico/backups")]
        if spec.sharesAttachments { indico.volumes += [(layout.volume("attachments"), "/srv/indico/archive")] }
        return PodDescription(
            name: name,
            address: spec.address(ofUnit: number),
            network: PodNetwork.name(spec),
            containers: [charm, indico, container("indico-nginx", .nginx)]
        )
    }
}

/// The network of the pods.
package enum PodNetwork {
    package static func name(_ spec: PodSpec) -> String {
        "indico-" + spec.network.map { $0 == "." ? "-" : String($0) }.joined()
    }
}
