// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import PebblePlan
import Testing

/// The rules of what a world may be: one broken at a time, refused with the reason; `docs/reference/charmkit.md` lists
/// them.
@Suite struct ConsistencyTests {
    /// A world, one change to it or an event, and the reason it is refused with.
    struct Case: Sendable, CustomTestStringConvertible {
        let reason: String
        var event = HookEvent.start
        var isDeclared = false
        let change: @Sendable (inout World) throws -> Void

        var testDescription: String { reason }
    }

    static let pg = UnitName(application: "pg", number: 0)
    static let stranger = UnitName(application: "mysql", number: 0)
    static let database = RelationID(endpoint: "database", number: 3)
    static let own = SecretEvent(id: "secret:own1")
    static let theirs = SecretEvent(id: "secret:theirs1")

    /// A world with something of everything, which is possible.
    static func world() throws -> World {
        var world = World(config: ["port": 80], isLeader: true)
        world.relations = [
            RelationState("database", id: 3, remoteApplication: "pg"),
            RelationState(peer: "peers", id: 4, application: "app", peersData: [1: [:]]),
        ]
        world.secrets = [
            SecretState(id: "secret:own1", owner: .application, revisions: [["key": "a"], ["key": "b"]], label: "own"),
            SecretState(id: "secret:theirs1", owner: .other(isGranted: true), revisions: [["key": "a"]]),
        ]
        var layer = Layer(label: "web")
        layer.services["web"] = Service(name: "web", override: .replace, command: "sleep 1")
        var check = Check(name: "up", override: .replace)
        check.exec = ExecCheck(command: "true")
        layer.checks["up"] = check
        world.containers["web"] = try ContainerState(
            layers: [layer],
            running: ["web"],
            files: ["/etc/page": .text("x")]
        )
        world.containers["web"]?.notices["example.com/done"] = [:]
        world.storages = ["archive/0": "/srv"]
        world.openedPorts = [PortRange(80)]
        world.storedState = ["seen": "1"]
        world.resources = ["image": "/tmp/image"]
        world.networks = ["database": NetworkInfo(bindAddresses: [], ingressAddresses: [], egressSubnets: [])]
        return world
    }

    static var declaration: CharmDeclaration {
        var declaration = CharmDeclaration(name: "app")
        declaration.options = ["port": .init(.int, default: 80), "key": .init(.secret)]
        declaration.endpoints = [
            "database": .init(.requires, interface: "pg", limit: 1), "peers": .init(.peers, interface: "p"),
        ]
        declaration.containers = ["web"]
        declaration.storages = ["archive": .init(maximumCount: 1)]
        declaration.resources = ["image"]
        declaration.actions["go"] = .init(
            parameters: ["speed": .init("integer", choices: [1, 2])],
            required: ["speed"],
            allowsOthers: false
        )
        return declaration
    }

    @Test(arguments: worlds + relationEvents + secretEvents + otherEvents + declared)
    func `an impossible world is refused with the reason`(broken: Case) throws {
        var world = try Self.world()
        try broken.change(&world)
        let test = CharmTest(declaration: broken.isDeclared ? Self.declaration : nil) { _ in TestCharm { _ in } }
        let error = #expect(throws: ImpossibleWorld.self) { try test.run(broken.event, in: world) }
        #expect(error?.problems.contains { $0.contains(broken.reason) } == true, "\(error?.problems ?? [])")
    }

    @Test func `the world the cases start from is possible, undeclared and declared`() throws {
        var world = try Self.world()
        #expect(try CharmTest { _ in TestCharm { _ in } }.run(.start, in: world).error == nil)
        let test = CharmTest(declaration: Self.declaration) { _ in TestCharm { _ in } }
        #expect(try test.run(.start, in: world).error == nil)
        world.actionParameters = ["speed": 2]
        #expect(try test.run(.action(ActionEvent(name: "go", id: "1")), in: world).error == nil)
    }

    static let worlds: [Case] = [
        Case(reason: "-1 units are planned") { $0.plannedUnits = -1 },
        Case(reason: "application has no name") { $0.unit = UnitName(application: "", number: 0) },
        Case(reason: "\"archive\" is not a storage instance's id") { $0.storages["archive"] = "/x" },
        Case(reason: "2 relations have the id 3") {
            $0.relations.append(RelationState("cache", id: 3, remoteApplication: "redis"))
        },
        Case(reason: "relation database:-3 has a negative number") { $0.relations[0].id = -3 },
        Case(reason: "endpoint peers has 2 peer relations") {
            $0.relations.append(RelationState(peer: "peers", id: 5, application: "app"))
        },
        Case(reason: "peer relation peers:4 is to other") { $0.relations[1].remoteApplication = "other" },
        Case(reason: "has this unit, app/0, at its other end") { $0.relations[1].remoteUnitsData[$0.unit] = [:] },
        Case(reason: "relation database:3 to pg has unit mysql/0") { $0.relations[0].remoteUnitsData[stranger] = [:] },
        Case(reason: "unit pg/0 is in relation database:3 and has left it") {
            $0.relations[0].departedUnitsData[pg] = [:]
        },
        Case(reason: "has an empty value") { $0.relations[0].remoteApplicationData = ["a": ""] },
        Case(reason: "has an empty key") { $0.relations[0].ownUnitData = ["": "a"] },
        Case(reason: "Juju 2.9.51 has no secrets") { $0.jujuVersion = JujuVersion(major: 2, minor: 9, patch: 51) },
        Case(reason: "2 secrets have the id own1") { $0.secrets[1].id = "secret://model/own1" },
        Case(reason: "2 secrets have the label own") { $0.secrets[1].label = "own" },
        Case(reason: "\"secret:!\" is not a secret's id") { $0.secrets[0].id = "secret:!" },
        Case(reason: "secret secret:own1 has no revision") { $0.secrets[0].revisions = [] },
        Case(reason: "has a revision of nothing") { $0.secrets[0].revisions = [[:]] },
        Case(reason: "has the key \"K\"") { $0.secrets[0].revisions = [["K": "v"]] },
        Case(reason: "has no revision 3 to track") { $0.secrets[0].trackedRevision = 3 },
        Case(reason: "is granted, but another's") { $0.secrets[1].grants = [3: [nil]] },
        Case(reason: "is another's: its description") { $0.secrets[1].rotation = .daily },
        Case(reason: "is granted to relation 9, which is not there") { $0.secrets[0].grants = [9: [nil]] },
        Case(reason: "stored state has a key of 0 bytes") { $0.storedState = ["": "x"] },
        Case(reason: "stored state has 65537 bytes under k") {
            $0.storedState = ["k": String(repeating: "x", count: 65537)]
        },
        Case(reason: "deferred events that cannot be read") { $0.storedState = ["charmkit.deferred": "nonsense"] },
        Case(reason: "stop was deferred, which it cannot be") { $0.deferred = [.init(.stop, for: "x")] },
        Case(reason: "0/tcp is not a range of ports") { $0.openedPorts = [PortRange(0)] },
        Case(reason: "80/sctp is of a protocol Juju does not know") {
            $0.openedPorts = [PortRange(80, transport: "sctp")]
        },
        Case(reason: "are both open, and overlap") {
            $0.openedPorts = Set([PortRange("80-90/tcp"), PortRange("85/tcp")].compactMap { $0 })
        },
        Case(reason: "container web: its layers do not combine") {
            var layer = Layer(label: "other")
            layer.services["web"] = Service(name: "web", override: .unknown("swap"), command: "x")
            $0.containers["web"]?.layers.append(layer)
        },
        Case(reason: "container web: service web runs, but is in no layer") { $0.containers["web"]?.layers = [] },
        Case(reason: "service web runs, but exits as soon") { $0.containers["web"]?.failingServices = ["web"] },
        Case(reason: "check gone has a status, but is in no layer") {
            $0.containers["web"]?.checkStatuses["gone"] = .down
        },
        Case(reason: "\"etc\" is not an absolute path") { $0.containers["web"]?.files["etc"] = .text("x") },
        Case(reason: "/etc/page/below is below /etc/page, which is a file") {
            $0.containers["web"]?.files["/etc/page/below"] = .text("x")
        },
        Case(reason: "\"done\" is not a notice's key") { $0.containers["web"]?.notices["done"] = [:] },
    ]

    static let relationEvents: [Case] = [
        Case(
            reason: "is about relation cache:9, which is not there",
            event: .relationCreated(RelationEvent(id: RelationID(endpoint: "cache", number: 9), remoteApplication: "r"))
        ) { _ in },
        Case(
            reason: "is about relation database:3",
            event: .relationCreated(
                RelationEvent(id: RelationID(endpoint: "cache", number: 3), remoteApplication: "pg")
            )
        ) { _ in },
        Case(
            reason: "relation database:3 is to pg, not mysql",
            event: .relationCreated(RelationEvent(id: database, remoteApplication: "mysql"))
        ) { _ in },
        Case(
            reason: "a peer relation is never broken",
            event: .relationBroken(
                RelationEvent(id: RelationID(endpoint: "peers", number: 4), remoteApplication: "app")
            )
        ) { _ in },
        Case(
            reason: "database-relation-created is about no remote unit",
            event: .relationCreated(RelationEvent(id: database, remoteApplication: "pg", remoteUnit: pg))
        ) { _ in },
        Case(
            reason: "database-relation-joined is about a remote unit",
            event: .relationJoined(RelationEvent(id: database, remoteApplication: "pg"))
        ) { _ in },
        Case(
            reason: "pg/0 is not in relation database:3",
            event: .relationChanged(RelationEvent(id: database, remoteApplication: "pg", remoteUnit: pg))
        ) { $0.relations[0].remoteUnitsData = [:] },
        Case(
            reason: "does not say which unit departs",
            event: .relationDeparted(RelationEvent(id: database, remoteApplication: "pg", remoteUnit: pg))
        ) { $0.relations[0].remoteUnitsData = [:] },
        Case(
            reason: "database-relation-departed is about a remote unit",
            event: .relationDeparted(RelationEvent(id: database, remoteApplication: "pg", departingUnit: pg))
        ) { _ in },
        Case(
            reason: "pg/0 is still in relation database:3",
            event: .relationDeparted(
                RelationEvent(id: database, remoteApplication: "pg", remoteUnit: pg, departingUnit: pg)
            )
        ) { _ in },
    ]

    static let secretEvents: [Case] = [
        Case(reason: "there is no secret secret:gone", event: .secretChanged(SecretEvent(id: "secret:gone"))) { _ in },
        Case(
            reason: "secret secret:own1 has no revision 7",
            event: .secretRemove(SecretEvent(id: "secret:own1", revision: 7))
        ) { _ in },
        Case(
            reason: "secret secret:theirs1 is not labelled x",
            event: .secretChanged(SecretEvent(id: "secret:theirs1", label: "x"))
        ) { _ in },
        Case(reason: "is this unit's own", event: .secretChanged(own)) { $0.secrets[0].owner = .unit },
        Case(reason: "secret secret:theirs1 was never granted", event: .secretChanged(theirs)) {
            $0.secrets[1].owner = .other(isGranted: false)
        },
        Case(reason: "secret-rotate goes to owners", event: .secretRotate(theirs)) { _ in },
        Case(reason: "goes to the leader", event: .secretRotate(own)) {
            $0.isLeader = false
            $0.secrets[0].rotation = .daily
        },
        Case(reason: "secret secret:own1 has no rotation", event: .secretRotate(own)) { _ in },
        Case(
            reason: "secret secret:own1 has no expiry",
            event: .secretExpired(SecretEvent(id: "secret:own1", revision: 1))
        ) { _ in },
    ]

    static let otherEvents: [Case] = [
        Case(reason: "there is no container db", event: .pebbleReady(container: "db")) { _ in },
        Case(reason: "Pebble does not answer", event: .pebbleReady(container: "web")) {
            $0.containers["web"]?.canConnect = false
        },
        Case(
            reason: "there is no notice example.com/other",
            event: .pebbleCustomNotice(
                container: "web",
                notice: NoticeEvent(id: "1", type: "custom", key: "example.com/other")
            )
        ) { _ in },
        Case(
            reason: "Juju tells of custom notices only",
            event: .pebbleCustomNotice(
                container: "web",
                notice: NoticeEvent(id: "1", type: "change-update", key: "example.com/done")
            )
        ) { _ in },
        Case(reason: "there is no check gone", event: .pebbleCheckFailed(container: "web", check: "gone")) { _ in },
        Case(reason: "there is no check gone", event: .pebbleCheckRecovered(container: "web", check: "gone")) { _ in },
        Case(
            reason: "there is no storage archive/1",
            event: .storageAttached(StorageEvent(name: "archive", index: 1))
        ) { _ in },
        Case(
            reason: "storage archive/0 is at /srv, not /mnt",
            event: .storageAttached(StorageEvent(name: "archive", index: 0, location: "/mnt"))
        ) { _ in },
        Case(reason: "leader-elected on a unit that does not lead", event: .leaderElected) { $0.isLeader = false },
        Case(reason: "leader-settings-changed on the unit that leads", event: .leaderSettingsChanged) { _ in },
        Case(reason: "Juju 4.0.0 has no leader-settings-changed", event: .leaderSettingsChanged) {
            $0.jujuVersion = JujuVersion(major: 4, minor: 0)
        },
        Case(reason: "Juju 4.0.0 has no pre-series-upgrade", event: .preSeriesUpgrade(targetBase: nil)) {
            $0.jujuVersion = JujuVersion(major: 4, minor: 0)
        },
        Case(reason: "Juju 3.6.11 has no collect-metrics", event: .collectMetrics) {
            $0.jujuVersion = JujuVersion(major: 3, minor: 6, patch: 11)
        },
    ]

    static let declared: [Case] = [
        Case(reason: "option prot is not declared", isDeclared: true) { $0.config["prot"] = 80 },
        Case(reason: "option port is of type int", isDeclared: true) { $0.config["port"] = "80" },
        Case(reason: "option key is of type secret", isDeclared: true) { $0.config["key"] = "plain" },
        Case(reason: "endpoint cache is not declared", isDeclared: true) {
            $0.relations.append(RelationState("cache", id: 9, remoteApplication: "redis"))
        },
        Case(reason: "endpoint peers is declared under peers", isDeclared: true) {
            $0.relations[1] = RelationState("peers", id: 9, remoteApplication: "redis")
        },
        Case(reason: "endpoint database takes 1 relations, not 2", isDeclared: true) {
            $0.relations.append(RelationState("database", id: 9, remoteApplication: "mysql"))
        },
        Case(reason: "container db is not declared", isDeclared: true) { $0.containers["db"] = .fresh },
        Case(reason: "resource other is not declared", isDeclared: true) { $0.resources["other"] = "/x" },
        Case(reason: "binding other is not declared", isDeclared: true) {
            $0.networks["other"] = $0.networks["database"]
        },
        Case(reason: "storage logs is not declared", isDeclared: true) { $0.storages["logs/0"] = "/x" },
        Case(reason: "storage archive has at most 1 instances, not 2", isDeclared: true) {
            $0.storages["archive/1"] = "/x"
        },
        Case(
            reason: "action stop is not declared",
            event: .action(ActionEvent(name: "stop", id: "1")),
            isDeclared: true
        ) { _ in },
        Case(
            reason: "action go has no parameter gear",
            event: .action(ActionEvent(name: "go", id: "1")),
            isDeclared: true
        ) { $0.actionParameters = ["speed": 1, "gear": 2] },
        Case(
            reason: "parameter speed of action go cannot be this value",
            event: .action(ActionEvent(name: "go", id: "1")),
            isDeclared: true
        ) { $0.actionParameters = ["speed": 3] },
        Case(
            reason: "action go needs parameter speed",
            event: .action(ActionEvent(name: "go", id: "1")),
            isDeclared: true
        ) { _ in },
    ]
}
