// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import PebblePlan
import Synchronization

@testable import IndicoCharm

/// What a workload's processes answer, without the processes.
final class FakeWorkload: Sendable {
    struct State {
        var database = "empty"
        var identity = "7000/1/2"
        var isReachable = true
        /// How often the database is asked for in vain before it is there.
        var refusals = 0
        var refusedConfiguration: String?
        var refusesNginx = false
        /// What nginx was asked to look at.
        var nginxTests: [[String]] = []
        var answersSite = true
        var failingVerbs: [String: String] = [:]
        /// On how many restored backups the site does not answer.
        var silentAfterRestores = 0
        var restores = 0
        /// How often the site is asked in vain after a restore.
        var silentAnswersAfterRestore = 0
        /// Whether there is something new to fetch.
        var customizationChanges = true
    }

    private let state = Mutex(State())

    /// What nginx was asked to look at, by command line.
    var nginxTests: [[String]] { state.withLock { $0.nginxTests } }

    func change(_ body: (inout sending State) -> Void) { state.withLock { body(&$0) } }

    var probe: SiteProbe {
        SiteProbe { port, _, _ in
            // Where HTTPS is spoken, nginx leads plain HTTP there.
            if port == 8443 { return self.state.withLock { $0.answersSite } ? 301 : nil }
            return self.state.withLock { state in
                let isSilent = state.restores > 0 && state.restores <= state.silentAfterRestores
                if state.restores > 0, state.silentAnswersAfterRestore > 0 {
                    state.silentAnswersAfterRestore -= 1
                    return false
                }
                return state.answersSite && !isSilent
            } ? 204 : nil
        }
    }

    func execute(_ command: ExecCommand) -> ExecResult? {
        guard command.words.count == 3, command.words[1].hasSuffix("indico_workload.py") else {
            let refuses = state.withLock { state in
                state.nginxTests.append(command.words)
                return state.refusesNginx
            }
            return ExecResult(exitCode: refuses ? 1 : 0, output: "", errorOutput: refuses ? "nginx: [emerg] no" : "")
        }
        let verb = command.words[2]
        return state.withLock { state in
            if let code = state.failingVerbs[verb] { return Self.refuse(code) }
            switch verb {
            case "db-status":
                guard state.isReachable else { return Self.refuse("database-unreachable") }
                guard state.refusals == 0 else {
                    state.refusals -= 1
                    return Self.refuse("database-unreachable")
                }
                return Self.reply(
                    #"{"ok": true, "state": "\#(state.database)", "identity": "\#(state.identity)", "version": "3.2.9"}"#
                )
            case "db-prepare", "db-upgrade":
                state.database = "current"
                return Self.reply(#"{"ok": true, "changed": true}"#)
            case "check-config":
                return state.refusedConfiguration == nil ? Self.reply(#"{"ok": true}"#) : Self.refuse("bad-config")
            case "add-admin":
                return Self.reply(#"{"ok": true, "id": 1, "email": "a@example.com", "username": "a@example.com"}"#)
            case "anonymize-user":
                return Self.reply(
                    #"{"ok": true, "results": {"a@example.com": "anonymized", "b@example.com": "not-found"}}"#
                )
            case "restore-backup":
                state.restores += 1
                return Self.reply(#"{"ok": true}"#)
            case "create-backup": return Self.reply(Self.backup)
            case "list-backups": return Self.reply(#"{"ok": true, "place": "/p", "backups": [\#(Self.backup)]}"#)
            case "customize", "drop-customization":
                return Self.reply(#"{"ok": true, "changed": \#(state.customizationChanges)}"#)
            default: return Self.reply(#"{"ok": true}"#)
            }
        }
    }

    private static let backup = """
        {"ok": true, "name": "2026-01-31T03-00-00Z", "place": "/p", "size": 3740567, "indico": "3.2.9",
         "reason": "asked for", "counts": {"users.users": 2, "events.events": 3}, "elsewhere": []}
        """

    private static func reply(_ text: String) -> ExecResult { ExecResult(exitCode: 0, output: text) }

    private static func refuse(_ code: String) -> ExecResult {
        ExecResult(exitCode: 1, output: #"{"ok": false, "error": "\#(code)", "message": "it says \#(code)"}"#)
    }
}

/// Indico's unit in a model that has all it needs, and the charm in it.
struct IndicoWorld {
    let workload: FakeWorkload
    var world: World

    static let peerSecret = "secret:cpeerd0000000000000g"
    /// What the charm's own files declare: a world they rule out is no test.
    static let declaration: CharmDeclaration? = {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        return try? CharmDeclaration(charmDirectory: "\(root)/charm")
    }()
    static let files = CharmFiles(modules: [.workload: "# module\n"], statsdMapping: "mappings: []\n")

    static let alertRules = AlertRules(groups: [
        .init(name: "site", rules: [.init(alert: "IndicoUnreachable", expression: "nginx_up == 0")])
    ])

    init(isLeader: Bool = true, unit: Int = 0, workload: FakeWorkload = FakeWorkload()) throws {
        self.workload = workload
        world = World(unit: UnitName(application: "indico", number: unit), isLeader: isLeader)
        world.config = ["site_url": .string("http://127.0.0.1:8080"), "workers": .integer(2)]
        world.relations = [
            RelationState(
                "database",
                id: 1,
                remoteApplication: "postgresql-k8s",
                remoteApplicationData: [
                    "endpoints": "10.0.0.1:5432", "database": "indico", "username": "relation_id_1",
                    "password": "some:pa\\ss", "version": "15.1",
                ]
            ),
            RelationState(
                "redis-broker",
                id: 2,
                remoteApplication: "redis-broker",
                remoteUnitsData: [0: ["hostname": "10.0.0.2", "port": "6379"]]
            ),
            RelationState(
                "redis-cache",
                id: 3,
                remoteApplication: "redis-cache",
                remoteUnitsData: [0: ["hostname": "10.0.0.3", "port": "6379"]]
            ),
            RelationState(peer: "indico-peers", id: 11, application: "indico"),
        ]
        let indico = FileState.directory(
            ownership: Ownership(userID: 2000, user: "indico", groupID: 2000, group: "indico")
        )
        world.containers["indico"] = try ContainerState(
            files: ["/srv/indico": indico, "/srv/indico/archive": indico],
            execute: { workload.execute($0) }
        )
        let nginx = FileState.directory(
            ownership: Ownership(userID: 101, user: "nginx", groupID: 101, group: "nginx")
        )
        world.containers["indico-nginx"] = try ContainerState(
            files: ["/var/lib/nginx": nginx, "/etc/nginx": .directory()],
            execute: { workload.execute($0) }
        )
    }

    var test: CharmTest {
        let workload = workload
        let time = Mutex(Duration.seconds(1000))
        return CharmTest(declaration: Self.declaration) {
            try IndicoCharm(
                environment: $0,
                files: Self.files,
                probe: workload.probe,
                pace: Pace(
                    now: { time.withLock { $0 } },
                    sleep: { duration in time.withLock { $0 += duration } }
                ),
                alertRules: { Self.alertRules },
                dashboards: { [try Self.dashboard] }
            )
        }
    }

    private static var dashboard: GrafanaDashboard.Dashboard {
        get throws {
            try GrafanaDashboard.Dashboard(
                charm: "indico",
                path: "grafana_dashboards/site.json",
                text: Array(#"{"title": "Site"}"#.utf8)
            )
        }
    }

    /// The plan of a container.
    func plan(_ name: String) throws -> Plan { try Plan.combine(world.containers[name]?.layers ?? []) }

    /// Runs an event and makes the world what it is after it.
    @discardableResult
    mutating func run(_ event: HookEvent) throws -> Output {
        let output = try test.run(event, in: world)
        world = output.world
        return output
    }

    /// Whether a service runs.
    func running(_ service: String) -> Bool {
        world.containers.values.contains { $0.running[service] != nil }
    }

    /// What the leader told the other units.
    var toldPeers: [String: String] {
        get { world[relation: "indico-peers"]?.ownApplicationData ?? [:] }
        set { world[relation: "indico-peers"]?.ownApplicationData = newValue }
    }

    /// A world in which the site has been up for a while.
    static func serving(isLeader: Bool = true) throws -> IndicoWorld {
        var world = try IndicoWorld(isLeader: isLeader)
        try world.run(.configChanged)
        return world
    }
}
