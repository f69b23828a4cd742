// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials

/// The charm of `Tests/UnitAgentTests/Fixtures/story`, told once more with CharmKit.
///
/// The other one is written with Canonical's `ops`; a test compares what the two leave behind, value by value.
struct StoryCharm: Charm {
    let root: String
    let directory: String

    init(environment: HookEnvironment) {
        root = environment.additional["STORY_ROOT"] ?? ""
        directory = environment.charmDirectory
    }

    func observe(_ observers: inout Observers) {
        observers.rememberRelations()
        observers.on(.install, install)
        observers.on(.leaderElected, leader)
        observers.on(.configChanged, config)
        observers.on(.start, deferrableAs: "start", start)
        observers.on(.upgradeCharm, upgrade)
        observers.on(.remove, remove)
        observers.on(.storageAttached("data"), storage)
        observers.on(.storageAttached("cache"), cache)
        observers.on(.storageDetaching("cache"), uncache)
        observers.on(.relationJoined("friends"), friends)
        observers.on(.relationChanged("friends"), friend)
        observers.on(.relationDeparted("friends"), friends)
        observers.on(.relationCreated("db"), databaseCreated)
        observers.on(.relationJoined("db"), databaseJoined)
        observers.on(.relationChanged("db"), databaseChanged)
        observers.on(.relationDeparted("db"), databaseDeparted)
        observers.on(.relationBroken("db"), databaseBroken)
        observers.on(.relationCreated("site"), siteCreated)
        observers.on(.relationChanged("site"), siteChanged)
        observers.on(.secretChanged, secretChanged)
        observers.on(.secretRotate, secretRotate)
        observers.on(.secretExpired, secretExpired)
        observers.on(.secretRemove, secretRemove)
        observers.on(.pebbleReady("web"), ready)
        observers.on(.pebbleCustomNotice("web"), notice)
        observers.on(.pebbleCheckFailed("web"), failed)
        observers.on(.pebbleCheckRecovered("web"), recovered)
        observers.on(.action("greet"), greet)
        observers.on(.action("describe"), describe)
        observers.on(.action("half"), half)
        observers.on(.action("break"), breakDown)
        observers.on(.action("forget"), forget)
        observers.collectUnitStatus(unitStatus)
        observers.collectApplicationStatus { _ in [.active("fine"), .maintenance("told by the leader")] }
    }

    /// Tells something in the unit's databag of the peers.
    func tell(_ model: Model, _ key: String, _ value: String) throws {
        try model.relation("friends")?.set([key: value], in: .ownUnit)
    }

    /// A count in the stored state, and one more.
    func count(_ model: Model, _ key: String) throws -> Int {
        let count = (try model.state.decode(Int.self, for: key) ?? 0) + 1
        try model.state.encode(count, for: key)
        return count
    }

    func line(of path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").first.map(String.init) ?? ""
    }

    private func unitStatus(_ model: Model) throws -> [Status] {
        let config = try model.config()
        let greeting = Status.active(try config.string("greeting"))
        guard try config.integer("count") > 3 else { return [greeting] }
        return [greeting, .waiting("for fewer"), .blocked("too many")]
    }
}
