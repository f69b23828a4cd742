// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@testable import Pods
@testable import UnitAgent

@Suite struct FrontConfigurationTests {
    private func state(_ databag: [String: String]) -> ApplicationState {
        ApplicationState(
            relations: [
                ApplicationState.Relation(
                    number: 4,
                    endpoint: "nginx-route",
                    interface: "nginx-route",
                    remoteApplication: "nginx-ingress-integrator",
                    isPeer: false,
                    databag: databag,
                    version: 1
                )
            ],
            secrets: [],
            status: nil,
            leaderSettings: [:]
        )
    }

    private static let published = [
        "service-hostname": "events.example.com", "service-port": "8080", "service-name": "indico",
        "max-body-size": "0",
    ]

    @Test func `units that serve get visitors; when none does, those that were asked last and stay`() {
        let all = ["10.87.0.10", "10.87.0.11", "10.87.0.12"]
        func chosen(serving: [String], staying: [String], last: [String]) -> [String] {
            FrontConfiguration.addresses(of: staying.map { ($0, serving.contains($0)) }, last: last)
        }
        #expect(chosen(serving: ["10.87.0.11"], staying: all, last: all) == ["10.87.0.11"])
        #expect(chosen(serving: [], staying: all, last: ["10.87.0.11", "10.87.0.10"]) == ["10.87.0.10", "10.87.0.11"])
        #expect(chosen(serving: [], staying: ["10.87.0.12"], last: ["10.87.0.11"]).isEmpty)
        #expect(chosen(serving: [], staying: all, last: []).isEmpty)
    }

    @Test func `what the charm published becomes a server, and the ready units its upstreams`() {
        let front = FrontConfiguration(state(Self.published), addresses: ["10.87.0.12", "10.87.0.10"])
        #expect(front.routes.map(\.addresses) == [["10.87.0.10", "10.87.0.12"]])
        #expect(front.text.contains("server_name events.example.com;"))
        #expect(front.text.contains("server 10.87.0.10:8080 max_fails"))
        #expect(front.text.contains("client_max_body_size 0m;"))
    }

    @Test func `without a ready unit visitors are told so, and no other host's`() {
        let front = FrontConfiguration(state(Self.published), addresses: [])
        #expect(front.text.contains("return 503;") && !front.text.contains("upstream"))
    }

    @Test(arguments: [
        [:], ["service-hostname": "a.example.com"], ["service-hostname": "a.example.com", "service-port": "none"],
        ["service-hostname": "a; root /", "service-port": "8080"], ["service-hostname": "", "service-port": "8080"],
        ["service-hostname": "a.example.com", "service-port": "70000"],
    ])
    func `what is no route makes none, and nothing foreign gets into the file`(databag: [String: String]) {
        #expect(FrontConfiguration(state(databag), addresses: ["10.87.0.10"]).routes.isEmpty)
    }
}

@Suite struct PodSpecTests {
    private func spec(_ count: Int) -> PodSpec {
        var spec = PodSpec(modelUUID: "0", network: "10.87.0", port: 8080)
        for _ in 0..<count { _ = spec.addUnit() }
        return spec
    }

    @Test func `a unit that is added has a number of its own, and one is always left`() throws {
        var spec = spec(3)
        try spec.removeUnits([1, 2])
        #expect(spec.units.filter(\.isLeaving).map(\.number) == [1, 2])
        #expect(spec.addUnit() == 3)
        #expect(throws: OperatorError.self) { try spec.removeUnits([0, 3]) }
        #expect(throws: OperatorError.self) { try spec.removeUnits([7]) }
    }

    @Test func `each pod has its address, the same through all its lives`() {
        let spec = spec(2)
        #expect(spec.address(ofUnit: 1) == "10.87.0.11")
        #expect(Set(ServerPod.allCases.map(spec.address(of:))).count == 3)
    }

    @Test func `a network is looked for as the kernel writes it`() {
        #expect(PodsUp.routeWord(10, 87, 3) == "0003570A")
    }

    @Test func `a unit's pod has three containers with pebble, probes apart, and passes on no secret`() throws {
        let layout = PodLayout(try StateDirectory(path: "/var/lib/x"))
        let pod = UnitPod.describe(1, spec(2), layout)
        #expect(pod.containers.map(\.name) == ["charm", "indico", "indico-nginx"])
        #expect(pod.containers.allSatisfy { $0.arguments.first == "run" })
        let commands = pod.commands(label: "l")
        #expect(commands.count == 5 && commands[0].contains("10.87.0.11"))
        #expect(commands.joined().allSatisfy { !$0.lowercased().contains("password") })
        // Without one place for attachments each unit would have its own.
        var alone = spec(2)
        alone.sharesAttachments = false
        #expect(
            UnitPod.describe(1, alone, layout).containers[1].volumes.allSatisfy { $0.target != "/srv/indico/archive" }
        )
    }
}
