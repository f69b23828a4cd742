// SPDX-License-Identifier: Apache-2.0

import CharmKit
import PebblePlan

extension World {
    /// What of an event could not happen in this world.
    func eventProblems(_ event: HookEvent) -> [String] {
        if let about = event.relation { return relationEventProblems(event, about) }
        if let about = event.secret { return secretEventProblems(event, about) }
        switch event {
        case .pebbleReady(let name), .pebbleCustomNotice(let name, _), .pebbleCheckFailed(let name, _),
            .pebbleCheckRecovered(let name, _):
            guard let container = containers[name] else { return ["\(event.name): there is no container \(name)"] }
            return container.problems(event).map { "\(event.name): \($0)" }
        case .storageAttached(let storage), .storageDetaching(let storage):
            return storageEventProblems(event, storage)
        case .leaderElected:
            return isLeader ? [] : ["leader-elected on a unit that does not lead"]
        case .leaderSettingsChanged:
            if jujuVersion.major >= 4 { return ["Juju \(jujuVersion) has no leader-settings-changed"] }
            return isLeader ? ["leader-settings-changed on the unit that leads"] : []
        case .preSeriesUpgrade, .postSeriesUpgrade:
            return jujuVersion.major >= 4 ? ["Juju \(jujuVersion) has no \(event.name)"] : []
        case .collectMetrics, .meterStatusChanged:
            let last = JujuVersion(major: 3, minor: 6, patch: 11)
            return jujuVersion >= last ? ["Juju \(jujuVersion) has no \(event.name)"] : []
        default:
            return []
        }
    }

    private func relationEventProblems(_ event: HookEvent, _ about: RelationEvent) -> [String] {
        guard let known = relations.first(where: { $0.id == about.id.number }) else {
            return ["\(event.name) is about relation \(about.id), which is not there"]
        }
        guard known.endpoint == about.id.endpoint else {
            return ["\(event.name) is about relation \(known.relationID)"]
        }
        var problems: [String] = []
        if let remote = about.remoteApplication, remote != known.remoteApplication {
            problems.append("\(event.name): relation \(about.id) is to \(known.remoteApplication), not \(remote)")
        }
        switch event {
        case .relationBroken where known.isPeer: problems.append("a peer relation is never broken")
        case .relationBroken, .relationCreated:
            if about.remoteUnit != nil { problems.append("\(event.name) is about no remote unit") }
        case .relationJoined:
            problems += presenceProblems(event, about, known)
            if about.remoteUnit == nil { problems.append("\(event.name) is about a remote unit") }
        case .relationChanged:
            problems += presenceProblems(event, about, known)
        default:
            guard let remote = about.remoteUnit else { return problems + ["\(event.name) is about a remote unit"] }
            if about.departingUnit == nil { problems.append("\(event.name) does not say which unit departs") }
            if known.remoteUnitsData[remote] != nil {
                problems.append("\(event.name): \(remote) is still in relation \(about.id)")
            }
        }
        return problems
    }

    private func presenceProblems(_ event: HookEvent, _ about: RelationEvent, _ known: RelationState) -> [String] {
        guard let remote = about.remoteUnit, known.remoteUnitsData[remote] == nil else { return [] }
        return ["\(event.name): \(remote) is not in relation \(about.id)"]
    }

    private func storageEventProblems(_ event: HookEvent, _ about: StorageEvent) -> [String] {
        guard let location = storages[about.id] else { return ["\(event.name): there is no storage \(about.id)"] }
        if let told = about.location, told != location {
            return ["\(event.name): storage \(about.id) is at \(location), not \(told)"]
        }
        return []
    }
}

extension ContainerState {
    /// What of this container could not be.
    var problems: [String] {
        let plan: Plan
        do throws(PlanError) { plan = try self.plan() } catch { return ["its layers do not combine: \(error)"] }
        var problems: [String] = []
        for name in running.keys.sorted() where plan.services[name] == nil {
            problems.append("service \(name) runs, but is in no layer")
        }
        for name in running.keys.sorted() where failingServices.contains(name) {
            problems.append("service \(name) runs, but exits as soon as it is started")
        }
        for name in checkStatuses.keys.sorted() where plan.checks[name] == nil {
            problems.append("check \(name) has a status, but is in no layer")
        }
        for path in files.keys.sorted() {
            if !path.hasPrefix("/") { problems.append("\"\(path)\" is not an absolute path") }
            if let file = Self.parents(of: path).first(where: { files[$0]?.isDirectory == false }) {
                problems.append("\(path) is below \(file), which is a file")
            }
        }
        for key in notices.keys.sorted() where !Self.isNoticeKey(key) {
            problems.append("\"\(key)\" is not a notice's key, domain/path")
        }
        return problems
    }

    /// What of an event about this container could not happen.
    func problems(_ event: HookEvent) -> [String] {
        guard canConnect else { return ["Pebble does not answer"] }
        let checks = (try? plan().checks) ?? [:]
        switch event {
        case .pebbleCustomNotice(_, let notice):
            if notice.type != "custom" { return ["Juju tells of custom notices only, not of \(notice.type)"] }
            return notices[notice.key] == nil ? ["there is no notice \(notice.key)"] : []
        case .pebbleCheckFailed(_, let name), .pebbleCheckRecovered(_, let name):
            // It may have changed since: what it says now is read from Pebble.
            return checks[name] == nil ? ["there is no check \(name)"] : []
        default:
            return []
        }
    }

    private static func parents(of path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast()
        return parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
    }

    private static func isNoticeKey(_ key: String) -> Bool {
        let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].contains(".") && !parts[1].isEmpty && key.utf8.count <= 255
    }
}
