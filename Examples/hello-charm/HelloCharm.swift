// SPDX-License-Identifier: Apache-2.0

import CharmKit

/// A charm that greets: a page in a container, a key its units share, a database if there is one.
struct HelloCharm: Charm {
    /// The options, as `config.yaml` declares them.
    private struct Options: CharmConfig {
        let greeting: String
        let port: Int

        func validate() throws {
            guard (1...65535).contains(port) else {
                throw ConfigError(option: "port", problem: "must be from 1 to 65535")
            }
        }
    }

    /// The parameters of `greet`, as `actions.yaml` declares them.
    private struct Greeting: Decodable {
        let name: String
    }

    /// Where the workload's files are; the agent may move them by a variable.
    private let root: String

    init(environment: HookEnvironment) {
        root = environment.additional["HELLO_ROOT"] ?? ""
    }

    func observe(_ observers: inout Observers) {
        observers.on(.anyHook, reconcile)
        observers.on(.relationCreated("database"), deferrableAs: "ask-for-database", askForDatabase)
        observers.on(.action("greet"), greet)
        observers.collectUnitStatus(status)
    }

    /// Makes the world as it should be, whatever happened.
    private func reconcile(_ event: Event, _ model: Model) throws {
        let options = try model.config(Options.self)
        model.setPorts([PortRange(options.port)])
        model.log.debug("reconciling after \(event.name)")
        try shareKey(model)

        let web = model.container("web")
        guard web.canConnect() else { return }
        let page = Array("\(options.greeting)\n".utf8)
        _ = try web.pushIfChanged(page, to: "\(root)/srv/hello/page", options: FileOptions(makeParents: true))
        var layer = Layer(label: "hello")
        var service = Service(name: "web", override: .replace, command: "sleep 1000000")
        service.startup = .enabled
        layer.services["web"] = service
        if try web.plan().services["web"] != service {
            try web.addLayer(layer)
            try web.replan()
        }
    }

    /// The leader makes the key once; every unit finds it through the peers' databag.
    private func shareKey(_ model: Model) throws {
        guard try model.isLeader(), let friends = try model.relation("friends") else { return }
        guard try friends.data(.ownApplication)["key-id"] == nil else { return }
        let key = String(UInt64.random(in: .min ... .max), radix: 16)
        let secret = try model.addSecret(["key": key], label: "shared-key")
        try friends.set(["key-id": secret.id ?? ""], in: .ownApplication)
    }

    /// Asks once the container is there; until then the event is kept.
    private func askForDatabase(_ event: Event, _ model: Model) throws {
        guard model.container("web").canConnect() else { return try event.defer() }
        guard try model.isLeader(), let relation = event.relation, relation.isActive else { return }
        try relation.set(["database": model.application], in: .ownApplication)
    }

    private func greet(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        let name = try action.parameters(Greeting.self).name
        if name.isEmpty { throw ActionError.failed("nobody to greet") }
        let count = (try model.state.decode(Int.self, for: "greetings") ?? 0) + 1
        try model.state.encode(count, for: "greetings")
        try action.log("greeting \(name)")
        let greeting = try model.config(Options.self).greeting
        try action.setResults(["greeting": "\(greeting), \(name)", "count": String(count)])
    }

    private func status(_ model: Model) throws -> [Status] {
        guard model.container("web").canConnect() else { return [.waiting("for the web container")] }
        let database = try model.relation("database")?.data(.remoteApplication)["endpoints"]
        return [.active(database.map { "with a database at \($0)" } ?? "")]
    }
}
