// SPDX-License-Identifier: Apache-2.0
import Glibc
package import OneMachine

/// Waits until the pods are what they shall be.
package struct PodsSettled {
    private let layout: PodLayout
    private let timeout: Duration

    package init(layout: PodLayout, timeout: Duration = .seconds(900)) {
        self.layout = layout
        self.timeout = timeout
    }

    package func wait(_ meter: StepMeter) throws -> String {
        guard PodSupervisor(layout: layout).process() != nil else {
            throw OperatorError(
                "the controller does not run",
                remedy: "'indico-operator up' starts it; what was asked is done then."
            )
        }
        let deadline = ContinuousClock.now + timeout
        var settled = 0
        while true {
            if let spec = try PodSpec.read(layout), let status = try PodStatus.read(layout) {
                let isImage = status.isOfImages(spec)
                settled = isImage && status.isSettled(spec) && spec.units.allSatisfy { !$0.isLeaving } ? settled + 1 : 0
                // Twice, with the controller's rounds between: what was asked a moment ago may not be in the first look.
                if settled >= 5 { return "\(status.units.count) units" }
                meter.update(PodsUp.progress(status))
            }
            guard .now < deadline else {
                throw OperatorError(
                    "the pods are not what they shall be after \(StepLook.text(timeout))",
                    remedy: "'indico-operator status' tells more. Everything keeps trying."
                )
            }
            usleep(300_000)
        }
    }
}

extension PodStatus {
    /// Whether the units' containers are of the images they shall be of.
    func isOfImages(_ spec: PodSpec) -> Bool {
        let wanted = [
            "charm": spec.images[.charm], "indico": spec.images[.indico], "indico-nginx": spec.images[.nginx],
        ]
        return pods.allSatisfy { pod in
            ServerPod(rawValue: pod.name) != nil || pod.images.allSatisfy { wanted[$0.key] == $0.value }
        }
    }
}
