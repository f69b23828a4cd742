// SPDX-License-Identifier: Apache-2.0

import CharmKit

extension CharmDeclaration {
    /// What of a world, or of an event in it, the charm's own files rule out.
    func problems(of world: World, _ event: HookEvent) -> [String] {
        configProblems(world) + relationProblems(world) + partProblems(world) + eventProblems(world, event)
    }

    private func configProblems(_ world: World) -> [String] {
        var problems: [String] = []
        for (name, value) in world.config.sorted(by: { $0.key < $1.key }) {
            guard let option = options[name] else {
                problems.append("option \(name) is not declared")
                continue
            }
            if !option.type.accepts(value) { problems.append("option \(name) is of type \(option.type.rawValue)") }
        }
        return problems
    }

    private func relationProblems(_ world: World) -> [String] {
        var problems: [String] = []
        for (name, same) in Dictionary(grouping: world.relations, by: \.endpoint).sorted(by: { $0.key < $1.key }) {
            guard let endpoint = endpoints[name] else {
                problems.append("endpoint \(name) is not declared")
                continue
            }
            if same.contains(where: { $0.isPeer != (endpoint.role == .peers) }) {
                problems.append("endpoint \(name) is declared under \(endpoint.role.rawValue)")
            }
            if let limit = endpoint.limit, same.count > limit {
                problems.append("endpoint \(name) takes \(limit) relations, not \(same.count)")
            }
        }
        return problems
    }

    private func partProblems(_ world: World) -> [String] {
        var problems: [String] = []
        for name in world.containers.keys.sorted() where !containers.contains(name) {
            problems.append("container \(name) is not declared")
        }
        for name in world.resources.keys.sorted() where !resources.contains(name) {
            problems.append("resource \(name) is not declared")
        }
        for name in world.networks.keys.sorted()
        where endpoints[name] == nil && !extraBindings.contains(name) && name != "juju-info" {
            problems.append("binding \(name) is not declared")
        }
        let instances = Dictionary(grouping: world.storages.keys.compactMap { StorageID($0) }, by: \.name)
        for (name, same) in instances.sorted(by: { $0.key < $1.key }) {
            guard let storage = storages[name] else {
                problems.append("storage \(name) is not declared")
                continue
            }
            if let most = storage.maximumCount, same.count > most {
                problems.append("storage \(name) has at most \(most) instances, not \(same.count)")
            }
        }
        return problems
    }

    private func eventProblems(_ world: World, _ event: HookEvent) -> [String] {
        guard case .action(let about) = event else { return [] }
        guard let action = actions[about.name] else { return ["action \(about.name) is not declared"] }
        var problems: [String] = []
        for (name, value) in world.actionParameters.sorted(by: { $0.key < $1.key }) {
            guard let parameter = action.parameters[name] else {
                if !action.allowsOthers { problems.append("action \(about.name) has no parameter \(name)") }
                continue
            }
            if !parameter.accepts(value) {
                problems.append("parameter \(name) of action \(about.name) cannot be this value")
            }
        }
        for name in action.required.sorted() where world.actionParameters[name] == nil {
            problems.append("action \(about.name) needs parameter \(name)")
        }
        return problems
    }
}
