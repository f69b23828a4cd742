// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// Something a container's Pebble did that the charm is to be told.
struct WorkloadEvent: Sendable, Equatable {
    /// What happened.
    enum Kind: Sendable, Equatable {
        /// Pebble started, or started again; told apart by its boot id.
        case ready(bootID: String)
        case customNotice(NoticeEvent)
        case checkFailed(check: String)
        case checkRecovered(check: String)
    }

    let container: String
    let kind: Kind
    /// The place of a notice in its Pebble's order, remembered once the charm has been told.
    let cursor: String?

    var event: HookEvent {
        switch kind {
        case .ready: .pebbleReady(container: container)
        case .customNotice(let notice): .pebbleCustomNotice(container: container, notice: notice)
        case .checkFailed(let check): .pebbleCheckFailed(container: container, check: check)
        case .checkRecovered(let check): .pebbleCheckRecovered(container: container, check: check)
        }
    }

    /// Whether this makes an earlier event of the same container pointless: the same notice once more, or how the same
    /// check does now.
    func overtakes(_ earlier: WorkloadEvent) -> Bool {
        guard container == earlier.container else { return false }
        switch (kind, earlier.kind) {
        case (.customNotice(let notice), .customNotice(let old)): return notice.id == old.id
        case (.checkFailed(let check), .checkFailed(let old)), (.checkFailed(let check), .checkRecovered(let old)),
            (.checkRecovered(let check), .checkFailed(let old)), (.checkRecovered(let check), .checkRecovered(let old)):
            return check == old
        default: return false
        }
    }
}

/// A hook that was begun and has not succeeded.
struct UnfinishedHook: Sendable, Equatable {
    let event: HookEvent
    /// How often it failed since the agent started; 0 for one that a former agent did not finish.
    var failures: Int
    /// Whether its time to be run again has come.
    var isDue: Bool
}

/// All that decides which hook comes next: what is so, and what the charm has been told of it.
struct UnitState: Sendable, Equatable {
    var isInstalled = false
    var isStarted = false
    var isStopped = false
    var isRemoved = false
    /// Whether the unit is being removed.
    var isDying = false
    /// Whether the charm knows that it leads, or it does not.
    var isLeaderElected = false
    /// Whether the machine has been started anew since the last start hook.
    var hasRebooted = false
    /// Whether the charm on disk is another than the one that ran last.
    var isCharmNew = false
    /// Whether the configuration differs from the one told last, or has not been told since the agent started.
    var isConfigNew = false
    var isUpdateStatusDue = false
    var relations: [RelationState] = []
    var secrets: [SecretDue] = []
    var storages: [StorageState] = []
    var workloadEvents: [WorkloadEvent] = []
    /// The oldest pending task.
    var action: ActionEvent?
    var unfinishedHook: UnfinishedHook?
    /// The own unit.
    var unit = UnitName(application: "", number: 0)
}
