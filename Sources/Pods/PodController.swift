// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import OneMachine
import PebbleAPI
import PebbleClient
import Synchronization
import UnitAgent

/// Makes the pods what they shall be, and keeps the units' models in step: what Juju's controller and Kubernetes do.
///
/// One round after the other it looks, decides and acts. What takes long (making a pod, draining a unit) is done on
/// threads of its own, one for each pod at most, so that a round never waits.
package final class PodController {
    let layout: PodLayout
    let podman: Podman
    let work: PodWork
    private let exchange = ModelExchange()
    private let probes = UnitProbes()
    private var containers: [PodContainer] = []
    /// The pods that were being worked on when podman was asked: of these the list says nothing.
    private var unsettled: Set<String> = []
    private var listedAt: ContinuousClock.Instant?
    private var front: FrontConfiguration?
    private var lastStatus: PodStatus?
    private var known: Set<Int> = []
    private var reachable: Set<Int> = []
    private var lastRoute: ApplicationState?
    private var problem = ""
    private var haveAnswered = false

    /// How long a leader may be away before another unit leads.
    static let lease = Duration.seconds(5)
    /// How often podman is asked what there is, when nothing says that it changed.
    private static let listInterval = Duration.seconds(2)

    package init(layout: PodLayout, environment: [String: String]) {
        self.layout = layout
        podman = Podman(layout, environment: environment)
        work = PodWork(layout: layout, podman: podman)
    }

    /// Goes on until the process is ended.
    ///
    /// - Throws: ``OperatorError`` when another controller is at work here.
    package func run() throws {
        guard let lock = FileLock(ifFree: layout.controllerLock) else {
            throw OperatorError("another controller is at work on \(layout.directory)")
        }
        defer { lock.release() }
        try podman.prepare()
        while true {
            do {
                try round()
            } catch {
                say("\(error)")
            }
            usleep(200_000)
        }
    }

    private func say(_ problem: String) {
        guard problem != self.problem else { return }
        self.problem = problem
        if !problem.isEmpty { FileDescriptorOutput.standardError.write("controller: \(problem)\n") }
    }

    private func round() throws {
        guard let spec = try PodSpec.read(layout) else { return }
        try list()
        let observed = observe(spec)
        if spec.isDown {
            work.takeDown(containers)
        } else {
            try makeServers(spec)
            takeSteps(spec, observed)
            let leader = try lead(spec, observed)
            if let leader, serversAnswered(spec) { try exchangeModels(spec, observed, leader) }
            try configureFront(spec, leader?.state)
        }
        publish(spec, observed)
        say(work.takeProblem() ?? "")
    }

    // MARK: Looking

    private func list() throws {
        if let listedAt, .now - listedAt < Self.listInterval, !work.takeChanged() { return }
        unsettled = work.busy()
        containers = try podman.containers()
        listedAt = .now
    }

    private func observe(_ spec: PodSpec) -> [ObservedUnit] {
        let numbers = Set(spec.units.map(\.number))
        for gone in known.subtracting(numbers) { exchange.forget(gone) }
        known = numbers
        probes.watch(Dictionary(uniqueKeysWithValues: numbers.map { ($0, spec.address(ofUnit: $0)) }))
        if let lastRoute {
            probes.setSite(
                SiteAuthority.of(spec.config["site_url"]) ?? FrontConfiguration(lastRoute, addresses: []).routes.first?
                    .hostname ?? ""
            )
        }
        let units = spec.units.map { unit in
            let pod = UnitPod.name(unit.number)
            let agent = AgentControlClient(socketPath: layout.controlSocket(pod))
            let snapshot = try? agent.status()
            return ObservedUnit(
                number: unit.number,
                isLeaving: unit.isLeaving,
                agent: agent,
                snapshot: snapshot,
                relations: snapshot == nil ? [] : (try? agent.relations()) ?? [],
                health: probes.health(unit.number),
                containers: containers.filter { $0.pod == pod && $0.labels["indico-operator-container"] != nil },
                work: work.state(of: pod) ?? (unsettled.contains(pod) ? .making : nil)
            )
        }
        let now = Set(units.filter { $0.snapshot != nil }.map(\.number))
        for number in now.subtracting(reachable) { exchange.restarted(number) }
        reachable = now
        return units
    }

    // MARK: Acting

    private func makeServers(_ spec: PodSpec) throws {
        let pods = ServerPods(spec, layout)
        for server in ServerPod.allCases where !unsettled.contains(server.rawValue) {
            let own = containers.filter { $0.pod == server.rawValue && $0.labels["indico-operator-container"] != nil }
            if own.count == 1, own[0].isRunning { continue }
            work.begin(server.rawValue, .making) { work in
                try pods.prepare(server)
                try work.make(pods.describe(server), replacing: !own.isEmpty)
            }
        }
    }

    /// Whether the servers have answered once: no charm offers a relation to a server that was never up.
    private func serversAnswered(_ spec: PodSpec) -> Bool {
        haveAnswered =
            haveAnswered
            || ServerPods.ports.allSatisfy { server, port in
                Probe.answers(at: spec.address(of: server), port: port, timeout: .seconds(1))
            }
        return haveAnswered
    }

    private func takeSteps(_ spec: PodSpec, _ units: [ObservedUnit]) {
        let pod = UnitPod.describe(0, spec, layout)
        let images = Dictionary(uniqueKeysWithValues: pod.containers.map { ($0.name, $0.image) })
        let steps = UnitStep.next(units.map(\.facts), images: images)
        for (number, step) in steps {
            let name = UnitPod.name(number)
            let description = UnitPod.describe(number, spec, layout)
            let unit = UnitWork(number: number, description: description, probes: probes)
            switch step {
            case .create: work.begin(name, .making) { try $0.makeUnit(unit, replacing: false) }
            case .replace: work.begin(name, .making) { try $0.makeUnit(unit, replacing: true) }
            case .roll: work.begin(name, .draining) { try $0.roll(unit) }
            case .remove: work.begin(name, .draining) { try $0.remove(unit) }
            }
        }
    }

    /// Has a unit lead; returns the leader and what it wrote.
    private func lead(_ spec: PodSpec, _ units: [ObservedUnit]) throws -> (number: Int, state: ApplicationState)? {
        let lost = Set(units.filter { $0.isLost(after: Self.lease) }.map(\.number))
        guard let next = Election.next(units.map(\.candidate), lost: lost) else {
            guard let leader = units.first(where: { $0.snapshot?.unit.leader == true }) else { return nil }
            return (leader.number, try leader.agent.applicationState())
        }
        // Whoever led last wrote last: with several that believe they lead, what has the highest versions.
        var written: ApplicationState?
        for unit in units where unit.number != next {
            guard let state = try stepDown(unit) else { continue }
            if unit.snapshot?.unit.leader ?? true, written.map({ state.isNewer(than: $0) }) ?? true { written = state }
        }
        guard let leader = units.first(where: { $0.number == next }) else { return nil }
        if leader.snapshot?.unit.leader != true {
            if let written { try leader.agent.follow(written) }
            try leader.agent.lead()
        }
        return (next, try leader.agent.applicationState())
    }

    /// Takes the lead from a unit, whatever state its agent is in; nil of a unit that never began.
    private func stepDown(_ unit: ObservedUnit) throws -> ApplicationState? {
        if unit.snapshot != nil { return try unit.agent.stepDown() }
        let database = layout.agent(UnitPod.name(unit.number)) + "/model.sqlite"
        guard FileStore.exists(database) else { return nil }
        return try ApplicationState.stepDown(databasePath: database, application: PodSpec.application)
    }

    private func exchangeModels(
        _ spec: PodSpec,
        _ units: [ObservedUnit],
        _ leader: (number: Int, state: ApplicationState)
    ) throws {
        lastRoute = leader.state
        let members = units.compactMap { unit in
            unit.snapshot.map {
                ModelExchange.Member(number: unit.number, agent: unit.agent, snapshot: $0, relations: unit.relations)
            }
        }
        try exchange.round(members, numbers: Set(spec.units.map(\.number)), leader: leader, spec: spec)
    }

    private func configureFront(_ spec: PodSpec, _ state: ApplicationState?) throws {
        guard let state = state ?? lastRoute else { return }
        let staying = spec.units.filter { !work.isDraining(UnitPod.name($0.number)) && !$0.isLeaving }
        let addresses = FrontConfiguration.addresses(
            of: staying.map { (spec.address(ofUnit: $0.number), probes.health($0.number).isServing) },
            last: front?.routes.first?.addresses ?? []
        )
        let wanted = FrontConfiguration(state, addresses: addresses)
        guard wanted != front else { return }
        let pod = ServerPod.front.rawValue
        let path = layout.pod(pod) + "/etc/nginx.conf"
        guard let owner = FileStore.status(of: layout.pod(pod) + "/etc") else { return }
        let user = Account(name: pod, userID: owner.st_uid, group: pod, groupID: owner.st_gid)
        try FileStore.write(wanted.text, to: path, mode: 0o600, owner: user)
        let pebble = PebbleClient(socketPath: layout.socket(pod, of: pod), timeout: .seconds(5))
        // A front that does not run reads the file when it starts.
        guard let services = try? pebble.services(["nginx"]), services.first?.current == .active else { return }
        try pebble.sendSignal("SIGHUP", to: ["nginx"])
        front = wanted
        work.setServing(Set(addresses))
    }

    private func publish(_ spec: PodSpec, _ units: [ObservedUnit]) {
        var status = PodStatus.make(spec, units, containers, work: work, serving: front?.routes.first?.addresses ?? [])
        status.problem = problem
        guard status != lastStatus else { return }
        if (try? status.write(layout)) != nil { lastStatus = status }
    }
}

extension ApplicationState {
    /// Whether it was written after another state of the same application.
    func isNewer(than other: ApplicationState) -> Bool {
        let versions = Dictionary(other.relations.map { ($0.number, $0.version) }) { $1 }
        return relations.contains { $0.version > versions[$0.number] ?? 0 }
    }
}
