// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct HTTPProxyTests {
    private func databags(_ response: String) -> RemoteDatabags {
        RemoteDatabags(application: ["responses": "[\(response)]"])
    }

    @Test func `a proxy is asked for as recorded, under a name that stays`() throws {
        let written = try #require(try PlainRecording("t07-http-proxy").written("http-proxy")?.localApplicationData)
        var world = World(isLeader: true)
        world.relations = [RelationState("http-proxy", id: 5, remoteApplication: "squid")]
        for name in ["a7c17f47-ecfb-46ab-9f8a-77d5d9d356a4", "another"] {
            world = try reading(in: world) { try HTTPProxy.request("http-proxy", $0) { name } }.1.world
            #expect(try json(world.relations.first?.ownApplicationData["requests"]) == json(written["requests"]))
        }
    }

    @Test func `the proxy is read, with its password from the secret`() throws {
        let response = """
            {"requirer": "a", "status": "ready", "auth": "userpass", "http_proxy": "http://squid:3128",
             "https_proxy": "http://squid:3129/", "user": "secret:u"}
            """
        let result = try HTTPProxy.read(databags(response)) { _ in .content(["username": "u", "password": "p@:/"]) }
        let proxy = try #require(result.value)
        #expect(proxy.url(proxy.http) == "http://u:p%40%3A%2F@squid:3128")
        #expect(proxy.https.description == "http://squid:3129")
        #expect(
            try HTTPProxy.read(databags(response)) { _ in .waiting("") }
                == .waiting("access to the secret of user in responses")
        )
    }

    @Test(arguments: ["pending", "accepted"])
    func `a proxy that is on its way is waited for`(status: String) throws {
        let result = try HTTPProxy.read(databags(#"{"requirer": "a", "status": "\#(status)"}"#)) { _ in .waiting("") }
        #expect(result == .waiting("the proxy, which says \(status)"))
    }

    @Test(arguments: [
        #"{"requirer": "a", "status": "rejected"}"#, #"{"requirer": "a", "status": "ready"}"#, #"{"status": 1}"#,
        #"{"requirer": "a", "status": "ready", "http_proxy": "squid"}"#,
    ])
    func `a proxy that cannot be used is refused`(response: String) throws {
        guard case .invalid(let reason) = try HTTPProxy.read(databags(response), secret: { _ in .waiting("") }) else {
            Issue.record("\(response) was read")
            return
        }
        #expect(reason.hasPrefix("responses:"))
    }
}
