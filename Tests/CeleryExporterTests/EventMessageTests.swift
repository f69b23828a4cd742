// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SeededTesting
import Testing

@testable import CeleryExporter

@Suite struct EventMessageTests {
    @Test func `everything a real Celery published is read`() throws {
        let events = try RecordedEvents.messages().flatMap { try EventMessage.events(Array($0.payload.utf8)) }
        #expect(!events.contains(nil))
        let types = events.compactMap { $0?.type }
        #expect(types.count { $0 == "task-received" } == 8)
        #expect(types.count { $0 == "task-started" } == 7)
        #expect(types.first == "worker-online")
        #expect(types.last == "worker-offline")
        let failed = events.compactMap { $0 }.first { $0.type == "task-failed" }
        #expect(failed?.exception == "ValueError(\"bad 'value'\")")
        #expect(failed?.name == nil)
    }

    @Test(arguments: [
        ("", EventError.malformedEnvelope), ("{}", .malformedEnvelope), ("[1]", .malformedEnvelope),
        ("\u{0}", .malformedEnvelope),
        (#"{"body":"gASVCg==","content-type":"application/x-python-serialize"}"#, .unsupportedContent),
        (#"{"body":"e30="}"#, .unsupportedContent),
        (#"{"body":"e30=","content-type":"application/json","headers":{"compression":"x"}}"#, .unsupportedContent),
        (
            #"{"body":"%%","content-type":"application/json","properties":{"body_encoding":"base64"}}"#,
            .malformedEnvelope
        ),
        (#"{"body":"{}","content-type":"application/json"}"#, .malformedEvent),
        (#"{"body":"[1","content-type":"application/json"}"#, .malformedEvent),
        (#"{"body":"","content-type":"application/json"}"#, .malformedEvent),
    ])
    func `a message that cannot be read says why`(payload: String, error: EventError) {
        #expect(throws: error) { try EventMessage.events(Array(payload.utf8)) }
    }

    @Test func `one bad event does not cost the others of its list`() throws {
        let body =
            #"[{"type":"worker-online","hostname":"celery@h"},{"type":3},7,{"type":"x","hostname":"h","runtime":"y"}]"#
        let events = try EventMessage.events(try message(body))
        #expect(events.map { $0?.type } == ["worker-online", nil, nil, nil])
    }

    @Test func `a body that is not packed is read as it is`() throws {
        let payload = #"{"body":" {\"type\":\"a\",\"hostname\":\"h\",\"active\":2}","content-type":"application/json"}"#
        #expect(try EventMessage.events(Array(payload.utf8)) == [CeleryEvent(type: "a", hostname: "h", active: 2)])
    }

    @Test func `random payloads are refused and nothing else`() {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(throws: EventError.self) { try EventMessage.events(bytes) }
        }
    }

    private func message(_ body: String) throws -> [UInt8] {
        let envelope = [
            "body": Data(body.utf8).base64EncodedString(), "content-type": "application/json",
        ]
        var text = String(decoding: try JSONEncoder().encode(envelope), as: UTF8.self)
        text.removeLast()
        return Array((text + #","properties":{"body_encoding":"base64"}}"#).utf8)
    }
}
