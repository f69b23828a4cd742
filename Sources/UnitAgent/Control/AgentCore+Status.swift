// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI
import Synchronization

extension AgentCore {
    /// The state of the unit, read in one transaction.
    func snapshot() throws -> StatusSnapshot {
        let (time, memory) = (now(), memory.withLock { $0 })
        let unknown = EntityStatus(status: "unknown", message: "", since: memory.agentStatus.since)
        return try store.read { model in
            let record = try model.hookRecord()
            var failed: FailedHookStatus?
            var workload = try model.status(of: unit.unitName) ?? unknown
            if memory.failures > 0, let event = try record?.event() {
                failed = FailedHookStatus(
                    hook: event.name,
                    attempts: memory.failures,
                    nextTry: memory.retryAt.description
                )
                workload = EntityStatus(
                    status: "error",
                    message: "hook failed: \"\(event.name)\"",
                    since: memory.agentStatus.since
                )
            }
            return StatusSnapshot(
                model: ModelStatus(name: unit.modelName, uuid: unit.modelUUID, version: unit.jujuVersion),
                application: ApplicationStatus(
                    name: unit.application,
                    charm: charm.name,
                    charmVersion: charm.version,
                    status: try applicationStatus(model, workload: workload),
                    workloadVersion: try model.fact(.workloadVersion) ?? ""
                ),
                unit: UnitStatus(
                    name: unit.unitName,
                    leader: try model.isLeader(),
                    workload: workload,
                    agent: memory.agentStatus,
                    address: unit.address,
                    openedPorts: try model.openedPorts().map(\.range).sorted().map(\.description)
                ),
                relations: try model.relations().map(\.status),
                containers: charm.containers.map { name in
                    let container = memory.containers[name]
                    return ContainerStatus(
                        name: name,
                        reachable: container?.isReachable ?? false,
                        ready: container?.toldBootID != nil
                    )
                },
                failedHook: failed,
                time: time.description,
                storages: try model.storages().map { storage in
                    StorageStatus(
                        id: storage.id,
                        kind: storage.kind,
                        location: storage.location,
                        isAttached: storage.isAttached,
                        isDetaching: storage.isDetaching
                    )
                }
            )
        }
    }

    /// What the leader said of the application, or else how its unit does.
    private func applicationStatus(_ model: Model, workload: EntityStatus) throws -> EntityStatus {
        if workload.status == "error" { return workload }
        return try model.status(of: unit.application) ?? workload
    }

    /// All relations with their databags.
    func relationData() throws -> [RelationData] {
        try store.read { model in
            try model.relations().map { RelationData(relation: $0.status, databags: try model.databags($0.number)) }
        }
    }
}

extension RelationState {
    var status: RelationStatus {
        RelationStatus(
            id: number,
            endpoint: id.endpoint,
            interface: interface,
            remoteApplication: remoteApplication,
            peer: isPeer,
            state: isDying ? "departing" : isCreated ? "joined" : "joining"
        )
    }
}
