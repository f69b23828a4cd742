// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Tells a thread to end, and whether it has.
final class KillSwitch: Sendable {
    private let state = Mutex((isSet: false, isOver: false))

    var isSet: Bool { state.withLock { $0.isSet } }
    var isOver: Bool { state.withLock { $0.isOver } }

    func set() { state.withLock { $0.isSet = true } }
    func hasEnded() { state.withLock { $0.isOver = true } }
}
