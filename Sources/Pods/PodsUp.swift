// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
package import OneMachine

/// Brings the pods up, step by step; run again it does only what is missing.
package final class PodsUp {
    package let layout: PodLayout
    package let screen: StepScreen
    private let environment: [String: String]
    private let programs: String
    /// How many units there shall be; nil keeps what there is, and one at first.
    private let units: Int?
    private let sharesAttachments: Bool?
    private let port: UInt16
    private let podman: Podman
    private let timeout = Duration.seconds(900)

    package init(
        state: StateDirectory,
        screen: StepScreen,
        environment: [String: String],
        programs: String,
        units: Int?,
        sharesAttachments: Bool?,
        port: UInt16?
    ) {
        layout = PodLayout(state)
        self.screen = screen
        self.environment = environment
        self.programs = programs
        self.units = units
        self.sharesAttachments = sharesAttachments
        self.port = port ?? HomePage.port
        podman = Podman(layout, environment: environment)
    }

    package static let stepCount = 4

    /// Does all steps; returns the site's address.
    package func run() throws -> String {
        try checkMachine()
        let isNew = try StateClaim.claim(layout.state)
        let lock = try StateLock(layout.state, holding: "up")
        do {
            try screen.step("Checks") { try self.check($0) }
        } catch {
            if isNew {
                unlink(layout.containersConfiguration)
                rmdir(layout.networks)
                rmdir(layout.directory)
                StateClaim.release(layout.state)
            }
            throw error
        }
        try screen.step("Controller") { try self.startController($0) }
        try screen.step("Pods") { try self.waitForPods($0) }
        try screen.step("Home page") { try self.waitForHomePage($0) }
        _ = consume lock
        return try PodSpec.read(layout)?.config["site_url"] ?? ""
    }

    /// Whether containers can run here; said before anything is touched.
    private func checkMachine() throws(OperatorError) {
        let way = "One unit needs no containers: leave --substrate out."
        guard geteuid() == 0 else {
            throw OperatorError(
                "pods need root here: their network is this machine's",
                remedy: "Run this as root. \(way)"
            )
        }
        let missing = Podman.companions.filter { !FileStore.isExecutable($0.0) }.map(\.1)
        guard missing.isEmpty else {
            throw OperatorError(
                "containers cannot run here: \(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not installed",
                remedy: "apt-get install \(missing.joined(separator: " "))\n\(way)"
            )
        }
        guard layout.state.path.utf8.count <= PodLayout.longestStatePath else {
            throw OperatorError(
                "the state directory's path has \(layout.state.path.utf8.count) bytes, and sockets of pods allow \(PodLayout.longestStatePath)",
                remedy: "Give a shorter one with --state-dir."
            )
        }
        if FileStore.exists(layout.state.agent), !layout.isUsed {
            throw OperatorError(
                "\(layout.state.path) holds the one-unit installation",
                remedy:
                    "Give the pods a state directory of their own, with --state-dir. To move the data: create-backup here, restore-backup there."
            )
        }
    }

    private func check(_ meter: StepMeter) throws -> String {
        try FileStore.makeDirectory(layout.directory, mode: 0o755)
        try podman.prepare()
        meter.update("images")
        var spec = try PodSpec.read(layout) ?? PodSpec(modelUUID: Self.uuid(), network: freeNetwork(), port: port)
        let absent = try Set(spec.images.values).filter { try !podman.hasImage($0) }.sorted()
        guard absent.isEmpty else {
            throw OperatorError(
                "there is no image \(absent.joined(separator: ", "))",
                remedy:
                    "'make images' builds them, in a clone of the repository. One unit needs none: leave --substrate out."
            )
        }
        if FileLock(ifFree: layout.controllerLock) != nil, spec.units.isEmpty || spec.isDown {
            try PortCheck.check([WantedPort(spec.port, purpose: "visitors")])
        }
        meter.update("network")
        if try podman.tryRun(["network", "exists", PodNetwork.name(spec)]) == nil {
            try podman.run([
                "network", "create", "--subnet", "\(spec.network).0/24", "--gateway", "\(spec.network).1",
                PodNetwork.name(spec),
            ])
        }
        try describe(&spec)
        try spec.write(layout)
        return "podman, \(spec.images.count) images, \(spec.network).0/24"
    }

    private func describe(_ spec: inout PodSpec) throws {
        spec.isDown = false
        if let sharesAttachments { spec.sharesAttachments = sharesAttachments }
        let wanted = units ?? max(1, spec.units.count { !$0.isLeaving })
        guard (1...PodSpec.mostUnits).contains(wanted) else {
            throw OperatorError("\(wanted) is no number of units", remedy: "Give one from 1 to \(PodSpec.mostUnits).")
        }
        while spec.units.count(where: { !$0.isLeaving }) < wanted { _ = spec.addUnit() }
        let surplus = spec.units.filter { !$0.isLeaving }.map(\.number).sorted().dropFirst(wanted)
        if !surplus.isEmpty { try spec.removeUnits(Array(surplus)) }
        spec.relations.merge(try ServerPods(spec, layout).relations()) { $1 }
        if spec.config["site_url"] == nil { spec.config["site_url"] = "http://127.0.0.1:\(spec.port)" }
    }

    /// A network nobody on this machine uses.
    private func freeNetwork() -> String {
        let routes = ((try? FileStore.text("/proc/net/route")) ?? nil) ?? ""
        let taken = Set(
            routes.split(separator: "\n").dropFirst().compactMap {
                $0.split(separator: "\t").dropFirst().first.map(String.init)
            }
        )
        for third in UInt32(0)..<250 where !taken.contains(Self.routeWord(10, 87, third)) { return "10.87.\(third)" }
        return "10.87.250"
    }

    /// A network as the kernel lists it: its bytes backwards, in hexadecimal.
    static func routeWord(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> String {
        let word = String((third << 16) | (second << 8) | first, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - word.count) + word
    }

    private static func uuid() -> String { UUID().uuidString.lowercased() }

    private func startController(_ meter: StepMeter) throws -> String {
        let supervisor = PodSupervisor(layout: layout)
        if let process = supervisor.process() { return "process \(process)" }
        _ = try Programs.install(from: programs, to: layout.state)
        let process = try supervisor.start(environment: environment)
        return "process \(process)"
    }

    private func waitForPods(_ meter: StepMeter) throws -> String {
        let deadline = ContinuousClock.now + timeout
        var blockedSince: ContinuousClock.Instant?
        while true {
            let spec = try PodSpec.read(layout)
            let status = try PodStatus.read(layout)
            if let spec, let status, status.isSettled(spec) {
                return
                    "\(status.units.count) \(status.units.count == 1 ? "unit" : "units"), Indico \(status.application.version)"
            }
            meter.update(status.map(Self.progress) ?? "the controller begins")
            let blocked = status?.units.first { $0.workload == "blocked" || $0.workload == "error" }
            blockedSince = blocked == nil ? nil : blockedSince ?? .now
            let isStuck = blockedSince.map { .now - $0 > .seconds(60) } ?? false
            guard !isStuck, .now < deadline else {
                let problem = status?.problem ?? ""
                throw OperatorError(
                    blocked.map { "\($0.name) is \($0.workload): \($0.message)" }
                        ?? "the pods are not up after \(StepLook.text(timeout))\(problem.isEmpty ? "" : ": " + problem)",
                    remedy: "'indico-operator status' and 'debug-log' tell more. Everything keeps running and trying."
                )
            }
            usleep(300_000)
        }
    }

    static func progress(_ status: PodStatus) -> String {
        let ready = status.pods.count { $0.ready == $0.containers }
        let words = status.units.map { "\($0.name) \($0.workload)\($0.message.isEmpty ? "" : " (\($0.message))")" }
        return "\(ready)/\(status.pods.count) pods; \(words.joined(separator: ", "))"
    }

    private func waitForHomePage(_ meter: StepMeter) throws -> String {
        let spec = try PodSpec.read(layout)
        let host = SiteAuthority.of(spec?.config["site_url"])
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let status = Probe.get("/", host: host, at: "127.0.0.1", port: spec?.port ?? port, timeout: .seconds(20))
            if let status, HomePage.isServed(status) { return spec?.config["site_url"] ?? "" }
            guard .now < deadline else {
                throw OperatorError(
                    "the front \(status.map { "answers with \($0)" } ?? "does not answer")",
                    remedy: "'indico-operator status' tells more."
                )
            }
            usleep(300_000)
        }
    }
}
