// SPDX-License-Identifier: Apache-2.0

/// What is to be done with a unit's pod next.
package enum UnitStep: Sendable, Equatable {
    /// There is none.
    case create
    /// One of its containers ended.
    case replace
    /// It is of another image than it shall be: it is drained, and a new one takes its place.
    case roll
    /// The unit is to go.
    case remove
}

/// What is known of a unit's pod when the next step is chosen.
package struct UnitPodFacts: Sendable, Equatable {
    package var number: Int
    /// The states of its containers; empty where there is no pod.
    package var containers: [(name: String, isRunning: Bool, image: String)]
    package var isLeaving: Bool
    /// Whether it gets requests, or could.
    package var isReady: Bool
    /// Whether a step is being taken.
    package var isBusy: Bool

    package init(
        number: Int,
        containers: [(name: String, isRunning: Bool, image: String)],
        isLeaving: Bool,
        isReady: Bool,
        isBusy: Bool
    ) {
        self.number = number
        self.containers = containers
        self.isLeaving = isLeaving
        self.isReady = isReady
        self.isBusy = isBusy
    }

    package static func == (left: UnitPodFacts, right: UnitPodFacts) -> Bool {
        left.number == right.number && left.isLeaving == right.isLeaving && left.isReady == right.isReady
            && left.isBusy == right.isBusy && left.containers.elementsEqual(right.containers, by: ==)
    }
}

extension UnitStep {
    /// Chooses the next step of each unit that needs one.
    ///
    /// Pods are made and replaced at once, however many; a new image goes from the highest number down, and to the next
    /// unit only when every other one is ready: as a stateful set does it.
    ///
    /// - Parameters:
    ///   - units: All units.
    ///   - images: The images of the containers, by the container's name.
    /// - Returns: The steps, by the unit's number.
    package static func next(_ units: [UnitPodFacts], images: [String: String]) -> [Int: UnitStep] {
        var steps: [Int: UnitStep] = [:]
        for unit in units where !unit.isBusy {
            if unit.isLeaving {
                steps[unit.number] = .remove
            } else if unit.containers.isEmpty {
                steps[unit.number] = .create
            } else if unit.containers.count < images.count || unit.containers.contains(where: { !$0.isRunning }) {
                steps[unit.number] = .replace
            }
        }
        guard steps.isEmpty, !units.contains(where: \.isBusy), units.allSatisfy(\.isReady) else { return steps }
        let outdated = units.filter { unit in unit.containers.contains { images[$0.name] != $0.image } }
        if let last = outdated.map(\.number).max() { steps[last] = .roll }
        return steps
    }
}
