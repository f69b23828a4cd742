// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct IngressTests {
    private let request = IngressRequest(
        model: "indico-model",
        application: "indico",
        port: 8000,
        host: "indico-0.indico-endpoints.indico-model.svc.cluster.local",
        address: "192.0.2.0",
        stripsPrefix: true
    )

    @Test func `the recorded provider is read, and what was recorded is asked`() throws {
        let recording = try PlainRecording("t01-ingress-leader")
        let remote = try #require(recording.remote("ingress")?.remoteApplicationData)
        let url = try #require(Ingress.read(RemoteDatabags(application: remote)).value)
        #expect(url.description == "http://10.0.0.5/indico-model-indico")
        let written = try #require(recording.written("ingress"))
        #expect(request.applicationDatabag.filter { !$0.value.isEmpty } == written.localApplicationData)
        #expect(request.unitDatabag == written.localUnitData)
    }

    @Test func `a leader asks for the application, every unit for itself`() throws {
        for isLeader in [true, false] {
            var world = World(isLeader: isLeader)
            world.relations = [RelationState("ingress", id: 1, remoteApplication: "traefik")]
            let output = try reading(in: world) { try Ingress.publish(request, "ingress", $0) }.1
            let relation = try #require(output.world.relations.first)
            #expect((relation.ownApplicationData["port"] == "8000") == isLeader)
            #expect(relation.ownUnitData["ip"] == #""192.0.2.0""#)
        }
    }

    @Test(arguments: [
        (#"{"url": null}"#, "the url in ingress"), ("", "ingress"), (#"{"url": ""}"#, "the url in ingress"),
    ])
    func `a provider that has no way in yet is waited for`(text: String, awaited: String) {
        #expect(Ingress.read(RemoteDatabags(application: ["ingress": text])) == .waiting(awaited))
    }

    @Test(arguments: ["http://10.0.0.5", "[]", #"{"url": "ftp://a"}"#, #"{"url": "http://a b"}"#, #"{"url": 5}"#])
    func `a provider's nonsense is refused with its key`(text: String) {
        guard case .invalid(let reason) = Ingress.read(RemoteDatabags(application: ["ingress": text])) else {
            Issue.record("\(text) was read")
            return
        }
        #expect(reason.hasPrefix("ingress:"))
    }
}

@Suite struct NginxRouteTests {
    @Test(arguments: [
        ("06-nginx-route-leader-default", "indico.local"), ("07-nginx-route-leader-site-url", "indico.example.com"),
    ])
    func `the route is asked for as it was recorded`(name: String, hostname: String) throws {
        let request = NginxRouteRequest(
            namespace: "indico-model",
            hostname: hostname,
            service: "indico",
            port: 8080
        )
        let written = try #require(try Recording(name).written("nginx-route", after: "relation-joined"))
        #expect(request.applicationDatabag.filter { !$0.value.isEmpty } == written)
    }

    @Test func `only the leader asks, and a size can be taken back`() throws {
        var request = NginxRouteRequest(namespace: "m", hostname: "h", service: "s", port: 80, maximumBodySize: 0)
        var world = World(isLeader: true)
        world.relations = [RelationState("nginx-route", id: 1, remoteApplication: "nginx")]
        world = try reading(in: world) { try NginxRoute.publish(request, "nginx-route", $0) }.1.world
        #expect(world.relations.first?.ownApplicationData["max-body-size"] == "0")
        request.maximumBodySize = nil
        world.isLeader = false
        world = try reading(in: world) { try NginxRoute.publish(request, "nginx-route", $0) }.1.world
        #expect(world.relations.first?.ownApplicationData["max-body-size"] == "0")
        world.isLeader = true
        world = try reading(in: world) { try NginxRoute.publish(request, "nginx-route", $0) }.1.world
        #expect(world.relations.first?.ownApplicationData["max-body-size"] == nil)
    }
}
