// SPDX-License-Identifier: Apache-2.0
import OneMachine
import PebblePlan
import Testing

@Suite struct LocalPlanTests {
    private func plan(changesAccount: Bool = true, external: Bool = false) throws -> LocalPlan {
        let state = try StateDirectory(path: "/srv/x")
        return LocalPlan(
            state: state,
            account: Account(name: "keeper", userID: 7, group: "keepers", groupID: 8),
            changesAccount: changesAccount,
            postgresql: external
                ? nil
                : PostgreSQLServer(directory: "/srv/x/local/postgresql", port: 1, password: "hidden", programs: "/pg"),
            redis: external
                ? []
                : [
                    RedisServer(role: .cache, directory: "/srv/x/local/redis-cache", port: 2, password: "hidden"),
                    RedisServer(role: .broker, directory: "/srv/x/local/redis-broker", port: 3, password: "hidden"),
                ]
        )
    }

    /// The lines of one entry of a section.
    private func entry(_ name: String, of yaml: String) -> [Substring] {
        let lines = yaml.split(separator: "\n")
        guard let start = lines.firstIndex(of: "    \(name):") else { return [] }
        return Array(lines[(start + 1)...].prefix { $0.hasPrefix("        ") })
    }

    @Test func `every process of the installation is a service that starts by itself and is started again`() throws {
        let yaml = try plan().yaml
        for name in ["postgresql", "redis-cache", "redis-broker", "pebble-indico", "pebble-indico-nginx", "agent"] {
            let lines = entry(name, of: yaml)
            #expect(lines.contains("        startup: enabled"), "\(name)")
            #expect(lines.contains("        on-success: restart"), "\(name)")
            #expect(lines.contains("        on-failure: restart"), "\(name)")
        }
    }

    @Test func `servers come before containers, containers before the agent`() throws {
        let yaml = try plan().yaml
        let container = entry("pebble-indico", of: yaml)
        for name in ["postgresql", "redis-cache", "redis-broker"] {
            #expect(container.contains("            - \(name)"))
        }
        #expect(entry("agent", of: yaml).contains("            - pebble-indico-nginx"))
    }

    @Test func `what is stopped first are all services but the servers, the agent before the containers`() throws {
        let names = try Layer.parse(yaml: plan().yaml, label: "one-machine").services.keys
        #expect(Set(names).subtracting(LocalPlan.stopOrder.joined()) == Set(LocalServerName.allCases.map(\.rawValue)))
        #expect(LocalPlan.stopOrder.first == ["agent"])
    }

    @Test func `root's servers run as the account, and the supervisors as root`() throws {
        let yaml = try plan().yaml
        #expect(entry("postgresql", of: yaml).contains("        user: keeper"))
        #expect(entry("redis-broker", of: yaml).contains("        group: keepers"))
        #expect(!entry("pebble-indico", of: yaml).contains { $0.contains("user:") })
        #expect(!(try plan(changesAccount: false).yaml.contains("user:")))
    }

    @Test func `Pebble takes the layer as it stands`() throws {
        for external in [false, true] {
            let layer = try Layer.parse(yaml: plan(external: external).yaml, label: "one-machine")
            #expect(layer.services["agent"]?.command == "/srv/x/bin/indico-operator agent --state-dir /srv/x")
            #expect(
                layer.services["pebble-indico"]?.environment["PEBBLE_SOCKET"] == "/srv/x/pebble/indico/pebble.socket"
            )
            #expect(layer.services.count == (external ? 3 : 6))
            #expect(layer.checks.count == (external ? 0 : 3))
        }
    }

    @Test func `no password is in the plan`() throws {
        #expect(!(try plan().yaml.contains("hidden")))
    }

    @Test func `an external server has neither service nor check here`() throws {
        let yaml = try plan(external: true).yaml
        #expect(!yaml.contains("postgresql"))
        #expect(!yaml.contains("redis"))
        #expect(!yaml.contains("checks:"))
        #expect(!entry("agent", of: yaml).isEmpty)
    }
}
