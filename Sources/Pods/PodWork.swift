// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Synchronization
import UnitAgent

/// What takes long, on a thread for each pod: making, draining, removing.
final class PodWork: Sendable {
    /// What is being done with a pod.
    enum State: Sendable, Equatable {
        case making
        /// It gets no new requests, and goes.
        case draining
    }

    private struct Memory {
        var states: [String: State] = [:]
        var restarts: [String: Int] = [:]
        /// When a pod that could not be made is tried again.
        var retryAt: [String: ContinuousClock.Instant] = [:]
        var problem: String?
        var hasChanged = true
        /// The addresses the front leads visitors to.
        var serving: Set<String> = []
        /// The process of the front's container.
        var front: ProcessID?
    }

    let layout: PodLayout
    let podman: Podman
    private let memory = Mutex(Memory())

    init(layout: PodLayout, podman: Podman) {
        self.layout = layout
        self.podman = podman
    }

    func state(of pod: String) -> State? { memory.withLock { $0.states[pod] } }
    func busy() -> Set<String> { memory.withLock { Set($0.states.keys) } }
    func restarts(of pod: String) -> Int { memory.withLock { $0.restarts[pod] ?? 0 } }
    func isDraining(_ pod: String) -> Bool { state(of: pod) == .draining }
    func setServing(_ addresses: Set<String>) { memory.withLock { $0.serving = addresses } }
    func isServing(_ address: String) -> Bool { memory.withLock { $0.serving.contains(address) } }

    /// Whether podman is to be asked anew what there is.
    func takeChanged() -> Bool {
        memory.withLock { memory in
            defer { memory.hasChanged = !memory.states.isEmpty }
            return memory.hasChanged
        }
    }

    /// What went wrong last, while it is to be tried again.
    func takeProblem() -> String? { memory.withLock { $0.problem } }

    /// Begins a task, unless one is under way for the pod or the last one failed a moment ago.
    func begin(_ pod: String, _ state: State, _ body: @escaping @Sendable (PodWork) throws -> Void) {
        let begins = memory.withLock { memory in
            guard memory.states[pod] == nil, memory.retryAt[pod].map({ $0 <= .now }) ?? true else { return false }
            memory.states[pod] = state
            return true
        }
        guard begins else { return }
        let started: ()? = try? startThread(named: pod) { [self] in
            let result = Result { try body(self) }
            memory.withLock { memory in
                memory.states[pod] = nil
                memory.hasChanged = true
                switch result {
                case .success:
                    memory.retryAt[pod] = nil
                    memory.problem = nil
                case .failure(let error):
                    memory.retryAt[pod] = .now + .seconds(5)
                    memory.problem = "\(pod): \(error)"
                }
            }
        }
        if started == nil { memory.withLock { $0.states[pod] = nil } }
    }

    /// Makes a pod and starts it.
    func make(_ pod: PodDescription, replacing: Bool) throws {
        // What an attempt before left half made has the same name.
        _ = try podman.tryRun(["pod", "rm", "--force", "--time", "10", pod.name])
        if replacing { memory.withLock { $0.restarts[pod.name, default: 0] += 1 } }
        for command in pod.commands(label: podman.label) { try podman.run(command) }
    }

    /// Removes the pods, units first, servers last; each is given time to end what it does.
    func takeDown(_ containers: [PodContainer]) {
        let pods = Set(containers.map(\.pod)).subtracting([""])
        let servers: Set<String> = [ServerPod.postgresql.rawValue, ServerPod.redis.rawValue]
        let first = pods.subtracting(servers)
        for pod in first.isEmpty ? pods : first {
            begin(pod, .draining) { work in try work.stop(pod) }
        }
    }

    /// Ends a pod in order: the agent with its hook, then everything else.
    func stop(_ pod: String) throws {
        if ServerPod(rawValue: pod) == nil { _ = try podman.tryRun(["stop", "--time", "30", "\(pod)-charm"]) }
        _ = try podman.tryRun(["pod", "stop", "--time", "90", pod])
        try podman.run(["pod", "rm", "--force", "--ignore", pod])
    }

    /// Waits for a condition.
    func wait(_ what: String, atMost limit: Duration, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw OperatorError("\(what) has not come to pass in \(StepLook.text(limit))")
            }
            usleep(100_000)
        }
    }
}
