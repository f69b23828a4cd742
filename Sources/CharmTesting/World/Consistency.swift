// SPDX-License-Identifier: Apache-2.0

import CharmKit

/// A world that Juju could never bring about, or an event that could not happen in it.
///
/// Also thrown when the charm reads its configuration or parameters into a type that does not fit what it declares.
/// `docs/reference/charmkit.md` lists the rules.
public struct ImpossibleWorld: Error, Hashable, CustomStringConvertible {
    /// What is impossible, one line each.
    public let problems: [String]

    /// Creates an error, for a test to compare with.
    ///
    /// - Parameter problems: What is impossible, one line each.
    public init(problems: [String]) {
        self.problems = problems
    }

    /// What is impossible, in words.
    public var description: String { "impossible: " + problems.joined(separator: "; ") }
}

extension World {
    /// Checks that an event could happen in this world.
    func validate(_ event: HookEvent, declaration: CharmDeclaration? = nil) throws(ImpossibleWorld) {
        var problems = unitProblems + relationProblems + secretProblems + stateProblems + portProblems
        for (name, container) in containers.sorted(by: { $0.key < $1.key }) {
            problems += container.problems.map { "container \(name): \($0)" }
        }
        problems += eventProblems(event)
        if let declaration { problems += declaration.problems(of: self, event) }
        guard problems.isEmpty else { throw ImpossibleWorld(problems: problems) }
    }

    private var unitProblems: [String] {
        var problems: [String] = []
        if plannedUnits < 0 { problems.append("\(plannedUnits) units are planned") }
        if unit.application.isEmpty { problems.append("the unit's application has no name") }
        if applicationStatus != nil, applicationStatus?.message.contains("\0") == true {
            problems.append("the application's status has a null character")
        }
        for id in storages.keys.sorted() where StorageID(id) == nil {
            problems.append("\"\(id)\" is not a storage instance's id, name/index")
        }
        return problems
    }

    // MARK: - Relations

    private var relationProblems: [String] {
        var problems: [String] = []
        for (id, same) in Dictionary(grouping: relations, by: \.id).sorted(by: { $0.key < $1.key })
        where same.count > 1 {
            problems.append("\(same.count) relations have the id \(id)")
        }
        for (endpoint, same) in Dictionary(grouping: relations.filter(\.isPeer), by: \.endpoint) where same.count > 1 {
            problems.append("endpoint \(endpoint) has \(same.count) peer relations")
        }
        for relation in relations { problems += self.problems(of: relation) }
        return problems
    }

    private func problems(of relation: RelationState) -> [String] {
        var problems: [String] = []
        let id = relation.relationID
        if relation.id < 0 { problems.append("relation \(id) has a negative number") }
        if relation.isPeer, relation.remoteApplication != unit.application {
            problems.append("peer relation \(id) is to \(relation.remoteApplication)")
        }
        if relation.remoteUnitsData.keys.contains(unit) {
            problems.append("relation \(id) has this unit, \(unit), at its other end")
        }
        let others = Set(relation.remoteUnitsData.keys).union(relation.departedUnitsData.keys).sorted()
        for remote in others where remote.application != relation.remoteApplication {
            problems.append("relation \(id) to \(relation.remoteApplication) has unit \(remote)")
        }
        for remote in others
        where relation.remoteUnitsData[remote] != nil && relation.departedUnitsData[remote] != nil {
            problems.append("unit \(remote) is in relation \(id) and has left it")
        }
        let bags =
            [relation.remoteApplicationData, relation.ownApplicationData, relation.ownUnitData]
            + relation.remoteUnitsData.values + relation.departedUnitsData.values
        if bags.contains(where: { $0.values.contains("") }) {
            problems.append("relation \(id) has an empty value, which Juju never keeps")
        }
        if bags.contains(where: { $0.keys.contains("") }) { problems.append("relation \(id) has an empty key") }
        return problems
    }

    // MARK: - State

    private var stateProblems: [String] {
        var problems: [String] = []
        for (key, value) in storedState.sorted(by: { $0.key < $1.key }) {
            if key.isEmpty || key.utf8.count > StoredState.maximumKeySize {
                problems.append("stored state has a key of \(key.utf8.count) bytes")
            }
            if value.utf8.count > StoredState.maximumValueSize {
                problems.append("stored state has \(value.utf8.count) bytes under \(key)")
            }
        }
        if storedState[DeferredEvents.key] != nil, deferred.isEmpty {
            problems.append("stored state has deferred events that cannot be read")
        }
        for entry in deferred {
            guard case .hook(let event) = entry.kind else { continue }
            if !event.isDeferrable { problems.append("\(event.name) was deferred, which it cannot be") }
        }
        return problems
    }

    // MARK: - Ports

    private var portProblems: [String] {
        var problems: [String] = []
        let ports = openedPorts.sorted()
        for port in ports {
            guard let first = port.first, let last = port.last else { continue }
            if first < 1 || last > 65535 || first > last { problems.append("\(port) is not a range of ports") }
            if port.transport != "tcp", port.transport != "udp" {
                problems.append("\(port) is of a protocol Juju does not know")
            }
        }
        for (index, port) in ports.enumerated() {
            for other in ports[(index + 1)...] where port.overlaps(other) {
                problems.append("\(port) and \(other) are both open, and overlap")
            }
        }
        return problems
    }
}

extension PortRange {
    func overlaps(_ other: PortRange) -> Bool {
        guard transport == other.transport, let first, let last, let otherFirst = other.first,
            let otherLast = other.last
        else { return false }
        return first <= otherLast && otherFirst <= last
    }
}

/// A storage instance's id, `name/index`.
struct StorageID {
    let name: String
    let index: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let index = Int(parts[1]), index >= 0 else { return nil }
        (name, self.index) = (String(parts[0]), index)
    }
}
