// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

/// Every event and every hook tool has its part of the library: the tables of `docs/reference/charmkit.md`.
@Suite struct CoverageTests {
    private static let pg = UnitName(application: "pg", number: 0)
    private static let notice = NoticeEvent(id: "1", type: "custom", key: "example.com/done")

    private static func relation(_ unit: UnitName? = nil, departing: UnitName? = nil) -> RelationEvent {
        RelationEvent(
            id: RelationID(endpoint: "database", number: 1),
            remoteApplication: "pg",
            remoteUnit: unit,
            departingUnit: departing
        )
    }

    private static let secret = SecretEvent(id: "secret:own1", label: "own", revision: 1)
    private static let storage = StorageEvent(name: "archive", index: 0, location: "/srv", kind: "filesystem")

    static let events: [(HookEvent, Trigger)] = [
        (.install, .install), (.start, .start), (.stop, .stop), (.remove, .remove), (.configChanged, .configChanged),
        (.updateStatus, .updateStatus), (.upgradeCharm, .upgradeCharm), (.leaderElected, .leaderElected),
        (.leaderSettingsChanged, .leaderSettingsChanged), (.relationCreated(relation()), .relationCreated("database")),
        (.relationJoined(relation(pg)), .relationJoined("database")),
        (.relationChanged(relation(pg)), .relationChanged("database")),
        (.relationChanged(relation()), .anyRelationEvent("database")),
        (.relationDeparted(relation(pg, departing: pg)), .relationDeparted("database")),
        (.relationBroken(relation()), .relationBroken("database")),
        (.storageAttached(storage), .storageAttached("archive")),
        (.storageDetaching(storage), .storageDetaching("archive")),
        (.pebbleReady(container: "web"), .pebbleReady("web")),
        (.pebbleCustomNotice(container: "web", notice: notice), .pebbleCustomNotice("web")),
        (.pebbleCheckFailed(container: "web", check: "up"), .pebbleCheckFailed("web")),
        (.pebbleCheckRecovered(container: "web", check: "up"), .pebbleCheckRecovered("web")),
        (.secretChanged(SecretEvent(id: "secret:theirs1")), .secretChanged), (.secretRotate(secret), .secretRotate),
        (.secretExpired(secret), .secretExpired), (.secretRemove(secret), .secretRemove),
        (.action(ActionEvent(name: "go", id: "1")), .action("go")),
        (.action(ActionEvent(name: "go", id: "1")), .anyAction),
        (.preSeriesUpgrade(targetBase: "ubuntu@24.04"), .preSeriesUpgrade),
        (.postSeriesUpgrade(targetBase: nil), .postSeriesUpgrade),
        (.unknown(hook: "comet-seen"), .hook("comet-seen")), (.updateStatus, .anyHook),
    ]

    /// A world in which each of these events may happen.
    private func world(_ event: HookEvent) throws -> World {
        var world = World(isLeader: event != .leaderSettingsChanged)
        var database = RelationState("database", id: 1, remoteApplication: "pg", remoteApplicationData: ["a": "b"])
        database.remoteUnitsData = [Self.pg: ["x": "y"]]
        if case .relationDeparted = event {
            database.remoteUnitsData = [:]
            database.departedUnitsData = [Self.pg: ["x": "y"]]
        }
        world.relations = [database]
        var own = SecretState(id: "secret:own1", owner: .application, revisions: [["key": "a"]], label: "own")
        (own.rotation, own.expiry) = (.daily, "2030-01-01T00:00:00Z")
        let theirs = SecretState(id: "secret:theirs1", owner: .other(isGranted: true), revisions: [["key": "a"]])
        world.secrets = [own, theirs]
        var layer = Layer(label: "web")
        var check = Check(name: "up", override: .replace)
        check.exec = ExecCheck(command: "true")
        layer.checks["up"] = check
        world.containers["web"] = try ContainerState(layers: [layer])
        world.containers["web"]?.notices[Self.notice.key] = ["file": "/x"]
        world.storages = ["archive/0": "/srv"]
        world.resources = ["image": "/tmp/image"]
        world.cloud = .object([
            "type": "lxd", "name": "localhost",
            "credential": .object(["auth-type": "certificate", "attrs": .object(["key": "k"])]),
        ])
        return world
    }

    @Test(arguments: events)
    func `each event runs its observer, with its data at hand`(event: HookEvent, trigger: Trigger) throws {
        var seen: [HookEvent?] = []
        let output = try CharmTest { _ in
            TestCharm { observers in
                observers.on(trigger) { event, _ in
                    seen.append(event.hook)
                    if let relation = event.hook?.relation {
                        #expect(event.relation?.id == relation.id)
                        if let unit = relation.remoteUnit {
                            // Also of a unit that has left.
                            let data = try event.relation?.data(.remoteUnit(unit))
                            #expect(data == ["x": "y"])
                        }
                    }
                    if event.hook?.secret != nil {
                        let content = try event.secret?.content()
                        #expect(content == ["key": "a"])
                    }
                    if event.hook?.container != nil { #expect(event.container?.canConnect() == true) }
                    if event.hook?.storage != nil { #expect(event.hook?.storage?.location == "/srv") }
                }
                // Whatever else is looked at, an event goes to its own.
                observers.on(.hook("some-other-hook")) { _, _ in Issue.record("not for this one") }
            }
        }.run(event, in: world(event))
        #expect(output.error == nil)
        #expect(seen == [event])
    }

    @Test(arguments: [HookEvent.collectMetrics, .meterStatusChanged])
    func `in hooks without a model nothing is run and nothing asked`(event: HookEvent) throws {
        let output = try CharmTest { _ in
            TestCharm { $0.on(.anyHook) { _, model in _ = try model.config() } }
        }.run(event, in: World(jujuVersion: JujuVersion(major: 3, minor: 5)))
        #expect(output.error == nil)
        #expect(output.toolCalls.isEmpty)
    }

    /// Calls every part of the library that a hook tool is behind.
    private static func everything(_ event: Event, _ model: Model) throws {
        _ = try model.config()
        _ = try model.goalState().relations["database"]
        #expect(try model.plannedUnits() == 1)
        let relation = try #require(try model.relation("database"))
        #expect(try relation.units() == [pg])
        #expect(try relation.data(.remoteApplication) == ["a": "b"])
        #expect(try relation.remoteModelUUID() == model.environment.model.uuid)
        try relation.set(["a": "b"], in: .ownUnit)
        _ = try model.network("database")
        #expect(try model.address(.privateAddress) == "192.0.2.0")
        model.setPorts([PortRange(8080)])
        try model.state.set("1", for: "n")
        #expect(try model.storages("archive") == ["archive/0"])
        #expect(try model.storageLocation("archive/0") == "/srv")
        #expect(try model.resourcePath("image") == "/tmp/image")
        #expect(try model.ownedSecretIDs() == ["secret:own1"])
        let secret = try model.addSecret(["key": "a"], label: "new")
        try secret.grant(to: relation)
        let old = model.secret(label: "own")
        #expect(try old.info().rotation == .daily)
        try old.update(content: ["key": "b"], description: "d", rotation: .weekly)
        try old.revoke(from: relation)
        try old.remove()
        #expect(try model.shownUnitStatus().word == "unknown")
        try model.showUnitStatus(.maintenance("working"))
        #expect(try model.shownUnitStatus().status == .maintenance("working"))
        #expect(try model.shownApplicationStatus().word == "unknown")
        model.setWorkloadVersion("1")
        model.log.info("x")
    }

    @Test func `every hook tool of a hook is behind some part of the library`() throws {
        let output = try CharmTest { _ in
            TestCharm { observers in
                observers.on(.start) { event, model in
                    try Self.everything(event, model)
                    #expect(try model.leaderSettings() == [:])
                    try model.setLeaderSettings(["a": "b"])
                    #expect(try model.cloud().credential?.attributes == ["key": "k"])
                    #expect("\(try model.cloud().credential, default: "")".contains("k\"") == false)
                    model.addStorage("archive")
                    model.addStorage("archive", count: 2)
                    try model.rebootAfterHook()
                    model.setPorts([])
                }
            }
        }.run(.start, in: world(.start))
        if let error = output.error { throw error }
        #expect(output.addedStorage == ["archive": 3])
        #expect(output.reboot == .afterHook)
        #expect(output.world.leaderSettings == ["a": "b"])
        // These are an action's; nothing was opened that could be closed; and removing a key of the stored state costs no
        // call of its own.
        let others: Set<ToolName> = [
            .actionGet, .actionSet, .actionLog, .actionFail, .openPort, .closePort, .stateDelete, .isLeader,
        ]
        let missing = Set(ToolName.allCases).subtracting(output.toolCalls.map(\.tool)).subtracting(others)
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func `every hook tool of an action is behind some part of the library`() throws {
        var world = try world(.action(ActionEvent(name: "go", id: "1")))
        world.openedPorts = [PortRange(1)]
        let output = try CharmTest { _ in
            TestCharm { observers in
                observers.on(.action("go")) { event, model in
                    try Self.everything(event, model)
                    let action = try event.requireAction()
                    _ = try action.parameters()
                    try action.setResults(["a.b": "1"])
                    try action.log("x")
                    action.fail("y")
                    #expect(throws: RebootError.inAction) { try model.rebootAfterHook() }
                    #expect(throws: RebootError.inAction) { try model.rebootNow() }
                }
            }
        }.run(.action(ActionEvent(name: "go", id: "1")), in: world)
        if let error = output.error { throw error }
        let tools = Set(output.toolCalls.map(\.tool))
        #expect(
            tools.isSuperset(of: [.actionGet, .actionSet, .actionLog, .actionFail, .openPort, .closePort, .isLeader])
        )
        #expect(!tools.contains(.jujuReboot))
    }

    @Test func `a reboot now ends the hook there and then, and nothing gathered is sent`() throws {
        let output = try CharmTest { _ in
            TestCharm { observers in
                observers.on(.start) { _, model in
                    try model.state.set("1", for: "half")
                    try model.rebootNow()
                    Issue.record("went on after the reboot")
                }
            }
        }.run(.start, in: World())
        #expect(output.error == nil)
        #expect(output.reboot == .now)
        #expect(output.toolCalls.map(\.tool) == [.jujuReboot])
        #expect(output.world.storedState.isEmpty)
    }

    @Test func `an application that is not trusted is told so`() throws {
        let output = try CharmTest { _ in
            TestCharm { $0.on(.start) { _, model in _ = try model.cloud() } }
        }.run(.start, in: World())
        #expect((output.error as? HookToolError)?.kind == .accessDenied)
    }
}
