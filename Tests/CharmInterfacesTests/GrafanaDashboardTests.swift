// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI
import Testing

@testable import CharmInterfaces

@Suite struct GrafanaDashboardTests {
    private let topology = JujuTopology(
        model: "indico-model",
        modelUUID: "f3a1b2c4-5d6e-4f70-8a91-b2c3d4e5f607",
        application: "indico",
        unit: "indico/0",
        charm: "indico"
    )

    /// The identities the libraries of the existing charm give its files.
    @Test(arguments: [
        ("indico", "c79b131d619b838329208d62bf7fee48f012dddd", "415f03aa33be1547"),
        ("indico_service_health", "0d416b01dd6ecd69b9eac00713fb7ca5811bd1e1", "6e6e43610084de4a"),
        ("celery", "091b7166a798d2c3c1c80c7c58cee48685df6674", "74629703508ae1bc"),
    ])
    func `identities are those the original gives`(name: String, uid: String, other: String) throws {
        let dashboard = try GrafanaDashboard.Dashboard(
            charm: "indico",
            path: "src/grafana_dashboards/\(name).json",
            text: Array(#"{"uid": "mine", "tags": ["a"]}"#.utf8)
        )
        #expect(dashboard.id == "file:\(name)")
        guard case .object(let object) = dashboard.content else { Issue.record("no object"); return }
        #expect(object["uid"] == .string(uid))
        #expect(object["tags"] == .array([.string("a"), .string("charm: indico")]))
        guard case .object(let template) = dashboard.template(topology) else { Issue.record("no object"); return }
        #expect(template["dashboard_alt_uid"] == .string(other))
        #expect(Set(template.keys) == ["charm", "content", "juju_topology", "inject_dropdowns", "dashboard_alt_uid"])
    }

    @Test func `an identity of forty digits and a tag of a charm stay`() throws {
        let uid = String(repeating: "0a", count: 20)
        let text = #"{"uid": "\#(uid)", "tags": ["charm: other"]}"#
        let dashboard = try GrafanaDashboard.Dashboard(charm: "indico", path: "d/x.json", text: Array(text.utf8))
        #expect(dashboard.content == .object(["uid": .string(uid), "tags": .array([.string("charm: other")])]))
    }

    @Test func `the same dashboards are the same bytes, others are not`() throws {
        func databag(_ title: String) throws -> [String: String] {
            let dashboard = try GrafanaDashboard.Dashboard(
                charm: "indico",
                path: "d/x.json",
                text: Array(#"{"title": "\#(title)"}"#.utf8)
            )
            return GrafanaDashboard.applicationDatabag([dashboard], topology: topology)
        }
        #expect(try databag("a") == databag("a"))
        #expect(try databag("a") != databag("b"))
        #expect(GrafanaDashboard.applicationDatabag([], topology: topology) == ["dashboards": ""])
    }

    @Test func `a file that is no dashboard is named`() {
        #expect(throws: GrafanaDashboardError(path: "d/x.json")) {
            try GrafanaDashboard.Dashboard(charm: "indico", path: "d/x.json", text: Array("[]".utf8))
        }
    }

    @Test func `CRC-32 is the one of the test that everybody has`() {
        #expect(XZStream.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    /// The whole stream of "hello\n", which `xz -d` and Python's `lzma` have read; what is longer the charm's own
    /// tests have Python read.
    @Test func `a stream is what unpackers read`() {
        let stream = XZStream.storing(Array("hello\n".utf8))
        #expect(stream.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x01, 0x69, 0x22, 0xDE, 0x36]))
        #expect(stream.suffix(2) == [0x59, 0x5A])
        #expect(stream.count % 4 == 0)
        #expect(XZStream.storing([]).count == 32)
    }
}
