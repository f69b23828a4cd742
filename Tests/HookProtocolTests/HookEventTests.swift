// SPDX-License-Identifier: Apache-2.0

import HookProtocol
import Testing

@Suite struct HookEventTests {
    private static let relation = RelationEvent(
        id: RelationID(endpoint: "data-base", number: 7),
        remoteApplication: "postgresql-k8s",
        remoteUnit: UnitName(application: "postgresql-k8s", number: 1)
    )
    private static let applicationChange = RelationEvent(id: relation.id, remoteApplication: "postgresql-k8s")
    private static let departure = RelationEvent(
        id: relation.id,
        remoteApplication: "postgresql-k8s",
        remoteUnit: relation.remoteUnit,
        departingUnit: relation.remoteUnit
    )
    private static let secret = SecretEvent(id: "secret:9m4e2mr0ui3e8a215n4g", label: "db")
    private static let revision = SecretEvent(id: "secret:9m4e2mr0ui3e8a215n4g", revision: 3)
    private static let notice = NoticeEvent(id: "12", type: "custom", key: "example.com/done")

    static let all: [(String, HookEvent)] = [
        ("hooks/install", .install), ("hooks/start", .start), ("hooks/stop", .stop), ("hooks/remove", .remove),
        ("hooks/config-changed", .configChanged), ("hooks/update-status", .updateStatus),
        ("hooks/upgrade-charm", .upgradeCharm), ("hooks/leader-elected", .leaderElected),
        ("hooks/leader-settings-changed", .leaderSettingsChanged),
        ("hooks/data-base-relation-created", .relationCreated(applicationChange)),
        ("hooks/data-base-relation-joined", .relationJoined(relation)),
        ("hooks/data-base-relation-changed", .relationChanged(relation)),
        ("hooks/data-base-relation-changed", .relationChanged(applicationChange)),
        ("hooks/data-base-relation-departed", .relationDeparted(departure)),
        ("hooks/data-base-relation-broken", .relationBroken(applicationChange)),
        (
            "hooks/archive-storage-attached",
            .storageAttached(StorageEvent(name: "archive", index: 4, location: "/srv", kind: "filesystem"))
        ),
        ("hooks/archive-storage-detaching", .storageDetaching(StorageEvent(name: "archive", index: 4))),
        ("hooks/web-app-pebble-ready", .pebbleReady(container: "web-app")),
        ("hooks/web-app-pebble-custom-notice", .pebbleCustomNotice(container: "web-app", notice: notice)),
        ("hooks/web-app-pebble-check-failed", .pebbleCheckFailed(container: "web-app", check: "up")),
        ("hooks/web-app-pebble-check-recovered", .pebbleCheckRecovered(container: "web-app", check: "up")),
        ("hooks/secret-changed", .secretChanged(secret)), ("hooks/secret-rotate", .secretRotate(secret)),
        ("hooks/secret-expired", .secretExpired(revision)), ("hooks/secret-remove", .secretRemove(revision)),
        ("actions/add-admin", .action(ActionEvent(name: "add-admin", id: "7"))),
        ("hooks/pre-series-upgrade", .preSeriesUpgrade(targetBase: "ubuntu@24.04")),
        ("hooks/post-series-upgrade", .postSeriesUpgrade(targetBase: nil)),
        ("hooks/collect-metrics", .collectMetrics), ("hooks/meter-status-changed", .meterStatusChanged),
        ("hooks/from-the-future", .unknown(hook: "from-the-future")),
    ]

    private func environment(_ event: HookEvent) -> HookEnvironment {
        HookEnvironment(
            event: event,
            contextID: "indico/0-1",
            agentSocket: "/run/agent.sock",
            charmDirectory: "/charm",
            unit: UnitName(application: "indico", number: 0),
            model: ModelIdentity(name: "m", uuid: "u-u-i-d"),
            jujuVersion: JujuVersion(major: 3, minor: 6, patch: 9),
            path: "/tools:/usr/bin"
        )
    }

    @Test(arguments: all)
    func `an event survives the environment`(path: String, event: HookEvent) throws {
        let variables = environment(event).variables
        #expect(variables["JUJU_DISPATCH_PATH"] == path)
        #expect(try HookEnvironment(variables: variables).event == event)
    }

    @Test func `a dispatch has every variable that canonical's parser requires`() {
        let always = [
            "JUJU_DISPATCH_PATH", "JUJU_HOOK_NAME", "JUJU_CONTEXT_ID", "JUJU_AGENT_SOCKET_ADDRESS",
            "JUJU_AGENT_SOCKET_NETWORK", "JUJU_CHARM_DIR", "CHARM_DIR", "JUJU_UNIT_NAME", "JUJU_MODEL_NAME",
            "JUJU_MODEL_UUID", "JUJU_VERSION", "JUJU_API_ADDRESSES", "JUJU_MACHINE_ID", "JUJU_AVAILABILITY_ZONE",
            "CLOUD_API_VERSION", "JUJU_PRINCIPAL_UNIT", "JUJU_CHARM_HTTP_PROXY", "JUJU_CHARM_HTTPS_PROXY",
            "JUJU_CHARM_FTP_PROXY", "JUJU_CHARM_NO_PROXY", "PATH", "LANG", "TERM",
        ]
        let variables = environment(.start).variables
        #expect(always.filter { variables[$0] == nil } == [])
        #expect(environment(.action(ActionEvent(name: "a", id: "1"))).variables["JUJU_HOOK_NAME"] == "")
        #expect(variables["JUJU_HOOK_NAME"] == "start")
    }

    @Test func `a change of an application's databag has the remote unit set but empty`() {
        let variables = environment(.relationChanged(Self.applicationChange)).variables
        #expect(variables["JUJU_REMOTE_UNIT"] == "")
        #expect(variables["JUJU_DEPARTING_UNIT"] == nil)
    }

    @Test(arguments: all)
    func `a missing variable is named, never guessed`(path: String, event: HookEvent) throws {
        // Labels, locations, the remote application and unit may be absent; everything else an event carries may not.
        let optional: Set = [
            "JUJU_SECRET_LABEL", "JUJU_STORAGE_LOCATION", "JUJU_STORAGE_KIND", "JUJU_REMOTE_APP", "JUJU_REMOTE_UNIT",
            "JUJU_DEPARTING_UNIT", "JUJU_RELATION", "JUJU_TARGET_BASE", "JUJU_ACTION_TAG", "JUJU_ACTION_NAME",
            "JUJU_SECRET_REVISION",
        ]
        for name in event.variables.keys where !optional.contains(name) {
            var variables = environment(event).variables
            variables[name] = nil
            #expect(throws: HookEnvironmentError.missing(variable: name)) { try HookEnvironment(variables: variables) }
        }
    }

    @Test func `malformed ids are errors, not crashes`() {
        var variables = environment(.relationChanged(Self.relation)).variables
        variables["JUJU_RELATION_ID"] = "nonsense"
        #expect(throws: HookEnvironmentError.malformed(variable: "JUJU_RELATION_ID", value: "nonsense")) {
            try HookEnvironment(variables: variables)
        }
        variables["JUJU_RELATION_ID"] = "db:7"
        variables["JUJU_REMOTE_UNIT"] = "postgresql"
        #expect(throws: HookEnvironmentError.self) { try HookEnvironment(variables: variables) }
    }

    @Test func `containers lie where the agent says`() throws {
        var environment = environment(.start)
        #expect(environment.variables["CHARM_CONTAINERS_DIR"] == nil)
        #expect(environment.pebbleSocket(container: "indico") == "/charm/containers/indico/pebble.socket")
        environment.containersDirectory = "/state/pebble"
        let parsed = try HookEnvironment(variables: environment.variables)
        #expect(parsed.pebbleSocket(container: "indico") == "/state/pebble/indico/pebble.socket")
    }
}

@Suite struct JujuVersionTests {
    @Test(arguments: ["3.6.9", "2.9.51", "4.0.0", "3.6-beta2", "3.6-beta2.1", "2.8.0.3"])
    func `versions are read and written alike`(text: String) {
        #expect(JujuVersion(text)?.description == text)
    }

    @Test(arguments: ["", "3", "3.x", "3.6.", "3.6-", "3.6-beta", "3.6.1.2.3", "a.b.c"])
    func `what is not a version is nil`(text: String) {
        #expect(JujuVersion(text) == nil)
    }

    @Test func `a preview comes before its release`() throws {
        let ordered = ["2.9.51", "3.6-alpha1", "3.6-beta2", "3.6-beta2.1", "3.6.0", "3.6.9", "3.6.10", "4.0.0"]
        let versions = ordered.compactMap { JujuVersion($0) }
        #expect(versions.count == ordered.count)
        #expect(versions.shuffled().sorted() == versions)
    }
}

@Suite struct NameTests {
    @Test func `units sort by number, not by letters`() {
        let names = ["app/10", "app/2", "a/3"].compactMap { UnitName($0) }
        #expect(names.sorted().map(\.description) == ["a/3", "app/2", "app/10"])
    }

    @Test(arguments: ["", "app", "/1", "app/", "app/-1", "app/x"])
    func `what is not a unit is nil`(text: String) {
        #expect(UnitName(text) == nil)
    }

    @Test(arguments: ["", "db", ":1", "db:", "db:-1", "db:x"])
    func `what is not a relation is nil`(text: String) {
        #expect(RelationID(text) == nil)
    }
}
