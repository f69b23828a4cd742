// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials

extension StoryCharm {
    func install(_ event: Event, _ model: Model) throws {
        try model.showUnitStatus(.maintenance("installing"))
        try tell(model, "motd", try line(of: try model.resourcePath("motd")))
        try tell(model, "storage", try model.state.decode(String.self, for: "storage") ?? "")
    }

    func leader(_ event: Event, _ model: Model) throws {
        try tell(model, "leader", try model.isLeader() ? "yes" : "no")
    }

    func config(_ event: Event, _ model: Model) throws {
        let config = try model.config()
        let words = [
            try config.string("greeting"), String(try config.integer("count")),
            try config.optionalNumber("ratio").map { "\($0)" } ?? "", try config.boolean("loud") ? "yes" : "no",
            config.values["unset"] == nil ? "absent" : "present",
        ]
        try tell(model, "config", words.joined(separator: " "))
    }

    func start(_ event: Event, _ model: Model) throws {
        let starts = try count(model, "starts")
        if starts == 1 { return try event.defer() }
        try model.relation("friends")?.set(["starts": String(starts)], in: .ownApplication)
        model.setPorts([PortRange(8080), PortRange(9000, transport: "udp")])
        model.setWorkloadVersion("1.2.3")
    }

    func upgrade(_ event: Event, _ model: Model) throws {
        try tell(model, "upgraded", try line(of: "\(directory)/version"))
        try tell(model, "motd", try line(of: try model.resourcePath("motd")))
    }

    func remove(_ event: Event, _ model: Model) throws {
        let starts = try model.state.decode(Int.self, for: "starts") ?? 0
        let greetings = try model.state.decode(Int.self, for: "greetings") ?? 0
        try "\(starts) \(greetings)\n".write(toFile: "\(root)/removed", atomically: false, encoding: .utf8)
    }

    func storage(_ event: Event, _ model: Model) throws {
        guard case .storageAttached(let storage)? = event.hook, let location = storage.location else { return }
        guard try model.storages("data").first.map({ try model.storageLocation($0) }) == location else {
            throw StoryError.otherStorage
        }
        try model.state.encode(Self.end(location), for: "storage")
    }

    func cache(_ event: Event, _ model: Model) throws {
        guard case .storageAttached(let storage)? = event.hook, let location = storage.location else { return }
        try "by the charm\n".write(toFile: "\(location)/kept", atomically: false, encoding: .utf8)
        try tell(model, "caches", String(try model.storages("cache").count))
    }

    func uncache(_ event: Event, _ model: Model) throws {
        guard case .storageDetaching(let storage)? = event.hook, let location = storage.location else { return }
        try tell(model, "uncached", Self.end(location))
    }

    private static func end(_ path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }
}

enum StoryError: Error {
    case otherStorage
    case brokenOnPurpose
}
