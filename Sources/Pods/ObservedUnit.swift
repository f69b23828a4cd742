// SPDX-License-Identifier: Apache-2.0
import OneMachine
import UnitAgent

/// A unit as the controller finds it in one round.
struct ObservedUnit {
    var number: Int
    var isLeaving: Bool
    var agent: AgentControlClient
    /// What its agent says; nil where it does not answer.
    var snapshot: StatusSnapshot?
    var relations: [RelationData]
    var health: UnitProbes.Health
    var containers: [PodContainer]
    /// What is being done with its pod.
    var work: PodWork.State?

    var candidate: Election.Candidate {
        Election.Candidate(
            number: number,
            isReachable: snapshot != nil,
            leads: snapshot?.unit.leader == true,
            isConnected: health.isConnected,
            isLeaving: isLeaving || work == .draining
        )
    }

    var facts: UnitPodFacts {
        UnitPodFacts(
            number: number,
            containers: containers.map {
                ($0.labels["indico-operator-container"] ?? "", $0.isRunning, $0.image)
            }.sorted { $0.0 < $1.0 },
            isLeaving: isLeaving,
            isReady: health.isServing && snapshot?.unit.workload.status == "active",
            isBusy: work != nil
        )
    }

    /// Whether it has been away for longer than a leader is given.
    func isLost(after lease: Duration) -> Bool {
        // A pod of which a container ended is gone; nothing has to be waited for.
        if !containers.isEmpty, containers.contains(where: { !$0.isRunning }), snapshot == nil { return true }
        return health.silentSince.map { .now - $0 > lease } ?? false
    }
}

/// The host's name, with its port, in a site's address.
enum SiteAuthority {
    static func of(_ url: String?) -> String? {
        guard let url, let range = url.firstRange(of: "://") else { return nil }
        let authority = url[range.upperBound...].prefix { $0 != "/" }
        return authority.isEmpty ? nil : String(authority)
    }
}

extension PodStatus {
    static func make(
        _ spec: PodSpec,
        _ units: [ObservedUnit],
        _ containers: [PodContainer],
        work: PodWork,
        serving: [String]
    ) -> PodStatus {
        let leader = units.first { $0.snapshot?.unit.leader == true }?.snapshot ?? units.compactMap(\.snapshot).first
        let application = Application(
            name: PodSpec.application,
            version: leader?.application.workloadVersion ?? "",
            status: spec.isDown ? "down" : leader?.application.status.status ?? "waiting",
            message: leader?.application.status.message ?? "",
            charm: leader?.application.charmVersion ?? ""
        )
        let pods =
            units.map { unit in
                pod(UnitPod.name(unit.number), unit.containers, ready: unit.health.readyContainers, work)
            }
            + ServerPod.allCases.map { server in
                let own = containers.filter {
                    $0.pod == server.rawValue && $0.labels["indico-operator-container"] != nil
                }
                return pod(server.rawValue, own, ready: Set(own.filter(\.isRunning).map { _ in server.rawValue }), work)
            }
        return PodStatus(
            application: application,
            units: units.map { Unit($0, spec, isServing: serving.contains(spec.address(ofUnit: $0.number))) },
            pods: pods,
            url: spec.config["site_url"] ?? "",
            problem: ""
        )
    }

    private static func pod(_ name: String, _ containers: [PodContainer], ready: Set<String>, _ work: PodWork) -> Pod {
        let running = containers.filter { $0.isRunning && ready.contains($0.labels["indico-operator-container"] ?? "") }
        let expected = ServerPod(rawValue: name) == nil ? UnitPod.healthPorts.count : 1
        let word: String
        switch work.state(of: name) {
        case .making: word = "Pending"
        case .draining: word = "Draining"
        case nil: word = containers.isEmpty ? "Absent" : containers.allSatisfy(\.isRunning) ? "Running" : "Failed"
        }
        return Pod(
            name: name,
            ready: running.count,
            containers: expected,
            status: word,
            restarts: work.restarts(of: name),
            images: Dictionary(containers.map { ($0.labels["indico-operator-container"] ?? "", $0.image) }) { $1 }
        )
    }
}

extension PodStatus.Unit {
    fileprivate init(_ unit: ObservedUnit, _ spec: PodSpec, isServing: Bool) {
        let snapshot = unit.snapshot
        self.init(
            name: "\(PodSpec.application)/\(unit.number)",
            leader: snapshot?.unit.leader == true,
            workload: snapshot?.unit.workload.status ?? "unknown",
            message: snapshot?.unit.workload.message ?? "agent lost",
            agent: snapshot?.unit.agent.status ?? "lost",
            address: spec.address(ofUnit: unit.number),
            serving: isServing,
            leaving: unit.isLeaving
        )
    }
}
