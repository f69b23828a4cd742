// SPDX-License-Identifier: Apache-2.0

public import CharmKit
public import PebbleAPI

/// The `grafana_dashboard` interface: dashboards for a Grafana.
///
/// We write, as the leader: `dashboards`, an object with a template for each dashboard, its text compressed and in
/// base64. Where a dashboard comes from is told beside it: the reader adds the variables and matchers by itself.
public enum GrafanaDashboard {
    /// Tells Grafana the dashboards, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - dashboards: The dashboards; asked for only where somebody wants them.
    ///   - topology: Where they come from.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked, and what `dashboards` throws.
    public static func publish(
        _ dashboards: () throws -> [Dashboard],
        topology: JujuTopology,
        _ endpoint: String,
        _ model: Model
    ) throws {
        guard try model.isLeader() else { return }
        let relations = try model.relations(endpoint).filter(\.isActive)
        guard !relations.isEmpty else { return }
        let databag = applicationDatabag(try dashboards(), topology: topology)
        for relation in relations { try relation.set(databag, in: .ownApplication) }
    }

    /// What the leader writes to the application's databag.
    ///
    /// The charm we replace writes another random `uuid` each time, and has Grafana read everything anew at each of
    /// its hooks. Here it follows from the content: the same dashboards are no change.
    ///
    /// - Parameters:
    ///   - dashboards: The dashboards.
    ///   - topology: Where they come from.
    /// - Returns: The values; an empty one removes the key.
    public static func applicationDatabag(_ dashboards: [Dashboard], topology: JujuTopology) -> [String: String] {
        guard !dashboards.isEmpty else { return ["dashboards": ""] }
        var templates: [String: JSONValue] = [:]
        for dashboard in dashboards { templates[dashboard.id] = dashboard.template(topology) }
        let digest = SHAKE256.hash(Array(JSONText.render(JSONValue.object(templates)).utf8), count: 16)
        let value = JSONValue.object(["templates": .object(templates), "uuid": .string(uuid(digest))])
        return ["dashboards": JSONText.render(value)]
    }

    /// Sixteen bytes as a UUID of version 4.
    private static func uuid(_ bytes: [UInt8]) -> String {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(SHAKE256.hexadecimal(bytes))
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        return parts.joined(separator: "-")
    }

    /// A dashboard of a charm.
    public struct Dashboard: Sendable, Hashable {
        /// The charm's name in its metadata.
        public let charm: String
        /// The name of its file, without the directory and the last suffix.
        public let name: String
        /// The dashboard, with the identity and the tag that tell it is this charm's.
        public let content: JSONValue

        /// Reads a dashboard from its file.
        ///
        /// - Parameters:
        ///   - charm: The charm's name in its metadata.
        ///   - path: The file's path in the charm's directory, for example `grafana_dashboards/indico.json`.
        ///   - text: The file's content.
        /// - Throws: ``GrafanaDashboardError`` when it is no JSON object.
        public init(charm: String, path: String, text: [UInt8]) throws(GrafanaDashboardError) {
            guard case .object(var object)? = try? JSONReading.value(of: text) else {
                throw GrafanaDashboardError(path: path)
            }
            self.charm = charm
            let file = path.split(separator: "/").last ?? Substring(path)
            name = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? String(file)
            if !Self.isIdentity(object["uid"]?.stringValue ?? "") {
                object["uid"] = .string(SHAKE256.hexadecimal(SHAKE256.hash(Array("\(charm)-\(path)".utf8), count: 20)))
            }
            var tags: [JSONValue] = if case .array(let tags)? = object["tags"] { tags } else { [] }
            if !tags.contains(where: { $0.stringValue?.hasPrefix("charm: ") == true }) {
                tags.append(.string("charm: \(charm)"))
            }
            object["tags"] = .array(tags)
            content = .object(object)
        }

        /// The name it is known by to the reader.
        public var id: String { "file:\(name)" }

        func template(_ topology: JujuTopology) -> JSONValue {
            let packed = XZStream.storing(Array(JSONText.render(content).utf8))
            let other = SHAKE256.hash(Array("\(charm)-\(id)".utf8), count: 8)
            return .object([
                "charm": .string(charm),
                "content": .string(Base64.text(of: packed)),
                "juju_topology": .object([
                    "model": .string(topology.model),
                    "model_uuid": .string(topology.modelUUID),
                    "application": .string(topology.application),
                    "unit": .string(topology.unit),
                ]),
                "inject_dropdowns": .bool(true),
                "dashboard_alt_uid": .string(SHAKE256.hexadecimal(other)),
            ])
        }

        /// Whether a text is an identity of the form the reader keeps: forty hexadecimal digits.
        private static func isIdentity(_ text: String) -> Bool {
            text.utf8.count == 40 && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        }
    }
}

/// A file that is no dashboard.
public struct GrafanaDashboardError: Error, Hashable, CustomStringConvertible {
    /// The file's path in the charm's directory.
    public let path: String

    /// What happened, in words.
    public var description: String { "\(path): must be a dashboard, a JSON object" }
}
