// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI
import Testing

/// Reads a value from its wire form and writes it again.
private func roundTrip<Value: Codable>(_ type: Value.Type, _ text: String) throws -> String {
    let value = try WireJSON.decode(type, from: Data(text.utf8))
    return String(decoding: try WireJSON.bytes(of: value), as: UTF8.self)
}

@Suite struct WireTests {
    @Test func `a change keeps its shape`() throws {
        let text = """
            {"id":"3","kind":"exec","ready":true,"ready-time":"2026-01-01T00:00:01Z","spawn-time":"2026-01-01T00:00:00Z",\
            "status":"Done","summary":"Execute command \\"sh\\"","tasks":[{"data":{"exit-code":42},"id":"4","kind":"exec",\
            "log":["2026-01-01T00:00:00Z INFO x"],"progress":{"done":1,"label":"","total":1},\
            "spawn-time":"2026-01-01T00:00:00Z","status":"Done","summary":"x"}]}
            """
        #expect(try roundTrip(ChangeInfo.self, text) == text)
    }

    @Test func `what there is none of is left out`() throws {
        let check = CheckInfo(name: "c", status: .up)
        #expect(
            String(decoding: try WireJSON.bytes(of: check), as: UTF8.self)
                == #"{"name":"c","startup":"enabled","status":"up","successes":0,"threshold":3}"#
        )
        let change = ChangeInfo(
            id: "1",
            kind: "replan",
            summary: "Replan - no services",
            status: .done,
            ready: true,
            spawnTime: Timestamp(seconds: 0)
        )
        #expect(!String(decoding: try WireJSON.bytes(of: change), as: UTF8.self).contains("tasks"))
    }

    @Test func `an asynchronous reply writes null for no result, a synchronous one leaves it out`() throws {
        let async = Envelope<NoResult>(type: .async, statusCode: 202, change: "7", result: nil)
        #expect(
            String(decoding: try WireJSON.bytes(of: async), as: UTF8.self)
                == #"{"change":"7","result":null,"status":"Accepted","status-code":202,"type":"async"}"#
        )
        let sync = Envelope<NoResult>(type: .sync, statusCode: 200, result: nil)
        #expect(
            String(decoding: try WireJSON.bytes(of: sync), as: UTF8.self)
                == #"{"status":"OK","status-code":200,"type":"sync"}"#
        )
    }

    @Test func `a public notice has a null user`() throws {
        let time = Timestamp(seconds: 0)
        let notice = Notice(
            id: "1",
            userID: nil,
            type: .custom,
            key: "a.b/c",
            firstOccurred: time,
            lastOccurred: time,
            lastRepeated: time
        )
        #expect(String(decoding: try WireJSON.bytes(of: notice), as: UTF8.self).contains(#""user-id":null"#))
    }

    @Test func `requests take what is missing or null as empty`() throws {
        let services = try WireJSON.decode(ServicesRequest.self, from: Data(#"{"services":null,"bogus":1}"#.utf8))
        #expect(services.action.isEmpty && services.services.isEmpty)
        let identities = try WireJSON.decode(
            IdentitiesRequest.self,
            from: Data(#"{"action":"remove","identities":{"bob":null}}"#.utf8)
        )
        #expect(identities.identities.keys.contains("bob"))
        let exec = try WireJSON.decode(ExecRequest.self, from: Data(#"{"command":["x"],"split-stderr":true}"#.utf8))
        #expect(exec.splitStderr && !exec.terminal && exec.timeout == nil)
    }

    @Test func `any JSON value keeps its shape`() throws {
        let text = #"{"a":[1,-2.5,true,null,"x/y",{}],"b":9007199254740993}"#
        #expect(try roundTrip(JSONValue.self, text) == text)
    }
}
