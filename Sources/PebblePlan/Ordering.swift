// SPDX-License-Identifier: Apache-2.0

extension Plan {
    /// The services that start with the daemon, by name.
    public var defaultServiceNames: [String] {
        services.values.filter(\.isEnabled).map(\.name).sorted()
    }

    /// In which order to start services, with everything they require.
    ///
    /// - Parameter names: the services asked for.
    /// - Returns: lanes, each to be started one service after the other, independent of the other lanes.
    /// - Throws: ``PlanError`` when a service does not exist or `before` and `after` form a loop.
    public func startLanes(_ names: some Sequence<String>) throws(PlanError) -> [[String]] {
        try lanes(of: try closure(names) { services[$0]?.requires ?? [] })
    }

    /// In which order to stop services, by default with everything that requires them.
    ///
    /// - Parameters:
    ///   - names: the services asked for.
    ///   - withDependants: whether services that require the named ones stop too; a restart leaves them running.
    /// - Returns: lanes, each to be stopped one service after the other, independent of the other lanes.
    /// - Throws: ``PlanError`` when a service does not exist or `before` and `after` form a loop.
    public func stopLanes(
        _ names: some Sequence<String>,
        withDependants: Bool = true
    ) throws(PlanError) -> [[String]] {
        var dependants: [String: [String]] = [:]
        if withDependants {
            for service in services.values {
                for required in service.requires {
                    dependants[required, default: []].append(service.name)
                }
            }
        }
        return try lanes(of: try closure(names) { dependants[$0] ?? [] }).map { $0.reversed() }
    }

    /// The names and all that can be reached from them.
    private func closure(
        _ names: some Sequence<String>,
        next: (String) -> [String]
    ) throws(PlanError) -> Set<String> {
        var reached: Set<String> = []
        var pending = Array(names)
        while let name = pending.popLast() {
            guard services[name] != nil else {
                throw PlanError(PlanProblem(message: "service \"\(name)\" does not exist", path: "services.\(name)"))
            }
            if reached.insert(name).inserted { pending += next(name) }
        }
        return reached
    }

    /// Splits services into lanes, the connected parts of the `requires` graph, each in starting order.
    private func lanes(of names: Set<String>) throws(PlanError) -> [[String]] {
        let order = try startOrder(of: names)
        var lane: [String: Int] = [:]
        var members: [[String]] = []
        for name in names.sorted() where lane[name] == nil {
            let part = connected(to: name, within: names)
            for member in part { lane[member] = members.count }
            members.append([])
        }
        for name in order {
            if let index = lane[name] { members[index].append(name) }
        }
        return members
    }

    private func connected(to name: String, within names: Set<String>) -> Set<String> {
        var neighbours: [String: [String]] = [:]
        for from in names {
            for to in services[from]?.requires ?? [] where names.contains(to) {
                neighbours[from, default: []].append(to)
                neighbours[to, default: []].append(from)
            }
        }
        var reached: Set<String> = []
        var pending = [name]
        while let next = pending.popLast() {
            if reached.insert(next).inserted { pending += neighbours[next] ?? [] }
        }
        return reached
    }

    /// Services in an order that keeps `before` and `after`, and as far as these allow starts what is required first.
    func startOrder(of names: Set<String>) throws(PlanError) -> [String] {
        let hard = predecessors(of: names)
        var done: Set<String> = []
        var rest = names.sorted()
        var order: [String] = []
        while !rest.isEmpty {
            let free = rest.filter { name in hard[name, default: []].allSatisfy(done.contains) }
            let unmet = { (name: String) in
                (services[name]?.requires ?? []).contains { names.contains($0) && !done.contains($0) }
            }
            guard let next = free.first(where: { !unmet($0) }) ?? free.first else {
                throw loop(among: rest, hard: hard)
            }
            order.append(next)
            done.insert(next)
            rest.removeAll { $0 == next }
        }
        return order
    }

    /// For each service those that `before` and `after` put ahead of it.
    private func predecessors(of names: Set<String>) -> [String: Set<String>] {
        var predecessors: [String: Set<String>] = [:]
        for name in names {
            guard let service = services[name] else { continue }
            for other in service.after where names.contains(other) {
                predecessors[name, default: []].insert(other)
            }
            for other in service.before where names.contains(other) {
                predecessors[other, default: []].insert(name)
            }
        }
        return predecessors
    }

    /// Names those that wait for themselves, leaving out those that only wait for them.
    private func loop(among rest: [String], hard: [String: Set<String>]) -> PlanError {
        var members = Set(rest)
        var changed = true
        while changed {
            let needed = Set(members.flatMap { hard[$0, default: []] })
            let kept = members.filter { needed.contains($0) }
            changed = kept.count != members.count
            members = kept
        }
        let names = members.sorted().joined(separator: ", ")
        return PlanError(PlanProblem(message: "services in before/after loop: \(names)", path: "services"))
    }
}
