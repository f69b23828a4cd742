// SPDX-License-Identifier: Apache-2.0

import HookProtocol

/// The relations and databags of one dispatch: what was read, and what shall be written.
final class RelationStore {
    private let caller: ToolCaller
    private let leadership: Leadership
    private let unit: UnitName
    private let event: HookEvent
    private let metadata: () throws -> CharmMetadata
    private var declaredPeers: Set<String>?
    /// Whether an endpoint is one of peers, as far as it is known without the charm's files.
    private var peers: [String: Bool] = [:]

    private var ids: [String: [RelationID]] = [:]
    private var listedUnits: [Int: [UnitName]] = [:]
    private var listedApplications: [Int: String] = [:]
    private var models: [Int: String] = [:]
    private var databags: [Databag: [String: String]] = [:]
    /// Of the own databags, the marks of what they held when they were last read or written.
    private var marks: [Databag: [String: String]] = [:]
    private var writes: [Databag: [String: String]] = [:]
    private var remembering: Remembering?

    private struct Databag: Hashable {
        let relation: RelationID
        let owner: DatabagOwner
    }

    init(
        caller: ToolCaller,
        leadership: Leadership,
        unit: UnitName,
        event: HookEvent,
        metadata: @escaping () throws -> CharmMetadata
    ) {
        self.caller = caller
        self.leadership = leadership
        self.unit = unit
        self.event = event
        self.metadata = metadata
    }

    /// Uses and renews what earlier dispatches read.
    func remember(in state: StoredState, for limit: Int64, now: Int64, agent: JujuVersion) {
        remembering = Remembering(state: state, limit: limit, now: now, agent: "\(agent)")
    }

    private func isPeer(_ endpoint: String) throws(HookToolError) -> Bool {
        try recall()
        if let known = peers[endpoint] { return known }
        do {
            let declared = try declaredPeers ?? metadata().peers
            declaredPeers = declared
            peers[endpoint] = declared.contains(endpoint)
            return declared.contains(endpoint)
        } catch {
            throw HookToolError(kind: .other, tool: .relationList, subject: endpoint, message: "\(error)")
        }
    }

    /// The relation that is being broken, which counts as gone.
    private var brokenNumber: Int? {
        if case .relationBroken(let relation) = event { relation.id.number } else { nil }
    }

    func relations(of endpoint: String) throws(HookToolError) -> [Relation] {
        try recall()
        let known: [RelationID]
        if let cached = ids[endpoint] {
            known = cached
        } else {
            let texts = try caller.json(
                .relationIDs,
                [endpoint, "--format=json"],
                as: [String].self,
                subject: endpoint
            )
            known = texts.compactMap { RelationID($0) }
                .map { RelationID(endpoint: endpoint, number: $0.number) }.sorted()
            ids[endpoint] = known
        }
        return known.filter { $0.number != brokenNumber }.map { relation($0) }
    }

    func relation(_ id: RelationID) -> Relation {
        Relation(id: id, isActive: id.number != brokenNumber, store: self)
    }

    func units(of id: RelationID) throws(HookToolError) -> [UnitName] {
        try recall()
        if let known = listedUnits[id.number] { return known }
        let units: [UnitName]
        do throws(HookToolError) {
            let arguments = ["--format=json", "-r", id.description]
            let texts = try caller.json(.relationList, arguments, as: [String].self, subject: id.description)
            units = texts.compactMap { UnitName($0) }.sorted()
        } catch {
            guard error.kind == .relationNotFound else { throw error }
            units = []
        }
        listedUnits[id.number] = units
        return units
    }

    func remoteApplication(of id: RelationID) throws(HookToolError) -> String? {
        if let relation = event.relation, relation.id.number == id.number {
            if let application = relation.remoteApplication ?? relation.remoteUnit?.application { return application }
        }
        if try isPeer(id.endpoint) { return unit.application }
        try recall()
        if let known = listedApplications[id.number] { return known }
        // The units say it as well, and are often wanted too: one call for both.
        if let remote = try units(of: id).first { return remote.application }
        do throws(HookToolError) {
            let arguments = ["--format=json", "-r", id.description, "--app"]
            let name = try caller.json(.relationList, arguments, as: String.self, subject: id.description)
            listedApplications[id.number] = name
            return name
        } catch {
            guard error.kind == .relationNotFound else { throw error }
            return nil
        }
    }

    private struct ModelAnswer: Decodable {
        let uuid: String
    }

    func remoteModelUUID(of id: RelationID) throws(HookToolError) -> String {
        if let known = models[id.number] { return known }
        let arguments = ["--format=json", "-r", id.description]
        let uuid = try caller.json(.relationModelGet, arguments, as: ModelAnswer.self, subject: id.description).uuid
        models[id.number] = uuid
        return uuid
    }

    func read(_ id: RelationID, _ owner: DatabagOwner) throws -> [String: String] {
        if owner == .ownApplication, !(try isPeer(id.endpoint)), !(try leadership.isLeader()) {
            throw DatabagError.notReadable(relation: id, owner: owner)
        }
        let databag = Databag(relation: id, owner: normalized(owner))
        var values = try recalled(databag) ?? stored(databag)
        for (key, value) in writes[databag] ?? [:] { values[key] = value.isEmpty ? nil : value }
        return values
    }

    func write(_ id: RelationID, _ owner: DatabagOwner, _ values: [String: String]) throws {
        let owner = normalized(owner)
        switch owner {
        case .ownUnit: break
        case .ownApplication:
            guard try leadership.isLeader() else { throw DatabagError.notLeader(relation: id) }
        case .remoteApplication, .remoteUnit: throw DatabagError.notOwn(relation: id, owner: owner)
        }
        guard id.number != brokenNumber else { throw DatabagError.relationGone(relation: id) }
        guard !values.isEmpty else { return }
        writes[Databag(relation: id, owner: owner), default: [:]].merge(values) { $1 }
    }

    /// Sends what was written and differs, one call per databag.
    func commit() throws {
        for (databag, values) in writes.sorted(by: { Self.order($0.key, $1.key) }) {
            let changed = try changes(values, in: databag)
            guard !changed.isEmpty else { continue }
            let scope = databag.owner == .ownApplication ? ["--app"] : []
            try caller.run(
                .relationSet,
                ["-r", databag.relation.description] + scope + ["--file", "-"],
                input: try ToolCaller.encode(changed, for: .relationSet),
                subject: databag.relation.description
            )
            for (key, value) in changed {
                databags[databag]?[key] = value.isEmpty ? nil : value
                marks[databag]?[key] = value.isEmpty ? nil : ValueMark.of(value)
            }
        }
        writes = [:]
    }

    /// What of the values an own databag does not hold yet.
    private func changes(_ values: [String: String], in databag: Databag) throws -> [String: String] {
        try recall()
        if databags[databag] == nil, let known = marks[databag] {
            return values.filter { (known[$0.key] ?? "") != ValueMark.of($0.value) }
        }
        let old = try stored(databag)
        return values.filter { (old[$0.key] ?? "") != $0.value }
    }

    private static func order(_ left: Databag, _ right: Databag) -> Bool {
        (left.relation, left.owner == .ownUnit ? 0 : 1) < (right.relation, right.owner == .ownUnit ? 0 : 1)
    }

    /// In a peer relation both names mean the same databag.
    private func normalized(_ owner: DatabagOwner) -> DatabagOwner {
        owner == .remoteUnit(unit) ? .ownUnit : owner
    }

    private func stored(_ databag: Databag) throws(HookToolError) -> [String: String] {
        try recall()
        if let known = databags[databag] { return known }
        var values: [String: String] = [:]
        do throws(HookToolError) {
            if let arguments = try readArguments(databag) {
                let subject = "\(databag.relation) of \(databag.owner)"
                values = try caller.json(.relationGet, arguments, as: [String: String]?.self, subject: subject) ?? [:]
            }
        } catch {
            guard error.kind == .relationNotFound else { throw error }
        }
        databags[databag] = values
        if RelationMemory.Owner.own(databag.owner) != nil { marks[databag] = values.mapValues(ValueMark.of) }
        return values
    }

    private func readArguments(_ databag: Databag) throws(HookToolError) -> [String]? {
        let start = ["--format=json", "-r", databag.relation.description]
        switch databag.owner {
        case .ownUnit: return start + ["-", unit.description]
        case .remoteUnit(let remote): return start + ["-", remote.description]
        case .ownApplication: return start + ["--app", "-", unit.application]
        case .remoteApplication:
            guard let application = try remoteApplication(of: databag.relation) else { return nil }
            return start + ["--app", "-", application]
        }
    }
}

// MARK: - Memory

extension RelationStore {
    /// Where it is remembered, and how this dispatch stands to it.
    private struct Remembering {
        let state: StoredState
        let limit: Int64
        let now: Int64
        let agent: String
        var since: Int64?
        var isRecalled = false
    }

    /// Takes up what was remembered, once.
    private func recall() throws(HookToolError) {
        guard var remembering, !remembering.isRecalled else { return }
        remembering.isRecalled = true
        defer { self.remembering = remembering }
        guard let header = try remembering.state.remembered(RelationMemory.Header.self, RelationMemory.headerKey),
            header.format == RelationMemory.Header(since: 0, agent: "").format, header.agent == remembering.agent,
            (0...remembering.limit).contains(remembering.now - header.since)
        else { return }
        var memory = RelationMemory()
        for key in try remembering.state.keys(startingWith: RelationMemory.endpointPrefix) {
            let endpoint = String(key.dropFirst(RelationMemory.endpointPrefix.count))
            memory.endpoints[endpoint] = try remembering.state.remembered([Int: RelationMemory.Entry].self, key)
        }
        if !RelationMemory.forgetsEverything(at: event) {
            remembering.since = header.since
            // Another version of the charm, which may declare others, begins with one of those events.
            peers = header.peers ?? [:]
        }
        take(memory.recalled(for: event))
    }

    private func take(_ memory: RelationMemory) {
        for (endpoint, entries) in memory.endpoints where ids[endpoint] == nil {
            ids[endpoint] = entries.keys.sorted().map { RelationID(endpoint: endpoint, number: $0) }
            for (number, entry) in entries {
                let id = RelationID(endpoint: endpoint, number: number)
                listedApplications[number] = entry.application
                listedUnits[number] = entry.units?.compactMap { UnitName($0) }
                for (word, values) in entry.databags {
                    let owner = UnitName(word).map { DatabagOwner.remoteUnit($0) } ?? .remoteApplication
                    databags[Databag(relation: id, owner: owner)] = values
                }
                for (word, values) in entry.own {
                    let isUnit = word == RelationMemory.Owner.unit
                    marks[Databag(relation: id, owner: isUnit ? .ownUnit : .ownApplication)] = values
                }
            }
        }
    }

    /// The own application's databag as far as it is known without asking; that of the unit has keys of the agent's own.
    private func recalled(_ databag: Databag) throws(HookToolError) -> [String: String]? {
        try recall()
        guard databag.owner == .ownApplication, databags[databag] == nil, let known = marks[databag],
            known.values.allSatisfy(ValueMark.isValue)
        else { return nil }
        return known
    }

    /// Writes down what is known now, for the next dispatch; the agent keeps it when this one ends well.
    ///
    /// What was written counts as known only after ``commit()``.
    func memorize() throws {
        guard let remembering else { return }
        // An event that touches no relation leaves things as they were.
        let mustForget =
            event.relation != nil || RelationMemory.forgetsEverything(at: event)
            || RelationMemory.forgetsOwnApplication(at: event)
        guard remembering.isRecalled || mustForget else { return }
        try recall()
        let state = remembering.state
        let since = self.remembering?.since ?? remembering.now
        try state.setAny(
            try StoredState.text(
                RelationMemory.Header(since: since, agent: remembering.agent, peers: peers.isEmpty ? nil : peers)
            ),
            for: RelationMemory.headerKey
        )
        var old = Set(try state.keys(startingWith: RelationMemory.endpointPrefix))
        for (endpoint, known) in ids {
            // The one that is being broken is gone after this.
            let left = known.filter { $0.number != brokenNumber }
            let entries = Dictionary(uniqueKeysWithValues: left.map { ($0.number, entry($0)) })
            let text = try StoredState.text(entries)
            guard text.utf8.count <= RelationMemory.maximumSize else { continue }
            old.remove(RelationMemory.key(endpoint))
            try state.setAny(text, for: RelationMemory.key(endpoint))
        }
        for key in old { try state.setAny(nil, for: key) }
    }

    private func entry(_ id: RelationID) -> RelationMemory.Entry {
        var entry = RelationMemory.Entry()
        entry.application = listedApplications[id.number]
        entry.units = listedUnits[id.number]?.map(\.description)
        for (databag, values) in databags where databag.relation == id {
            // A unit that left can be read for the last time and is not there any more.
            if case .remoteUnit(let unit) = databag.owner, listedUnits[id.number]?.contains(unit) == false { continue }
            if let word = RelationMemory.Owner.remote(databag.owner) { entry.databags[word] = values }
        }
        for (databag, values) in marks where databag.relation == id {
            // Whoever does not lead does not hear what the leader writes there.
            if databag.owner == .ownApplication, leadership.known != true { continue }
            if let word = RelationMemory.Owner.own(databag.owner) { entry.own[word] = values }
        }
        return entry
    }
}

/// Who leads, asked once.
final class Leadership {
    private let caller: ToolCaller
    /// What is known without asking.
    private(set) var known: Bool?

    init(caller: ToolCaller, event: HookEvent) {
        self.caller = caller
        // In this event leadership is what it is about; asking would only cost a call.
        if case .leaderElected = event { known = true }
    }

    /// A leader keeps leadership for thirty seconds after it was told so, and a dispatch asks at its start; a longer
    /// dispatch asks for nothing that would be wrong later, since the agent refuses what only a leader may do.
    func isLeader() throws(HookToolError) -> Bool {
        if let known { return known }
        let answer = try caller.json(.isLeader, ["--format=json"], as: Bool.self)
        known = answer
        return answer
    }
}
