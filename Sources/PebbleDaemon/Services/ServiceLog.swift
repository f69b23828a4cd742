// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Synchronization

/// The output of one service, written by the loop that reads its pipe and read by whoever asks.
///
/// Outside the supervisor's actor, so that a service that writes without end slows nobody else down.
final class ServiceLog: Sendable {
    private struct State {
        var ring: LogRing
        var listeners: [Int: @Sendable () -> Void] = [:]
        var nextListener = 0
    }

    let service: String
    private let state: Mutex<State>
    private let now: @Sendable () -> Timestamp
    /// Gets every piece of output as well: the daemon's own output, under `--verbose`.
    private let copy: (@Sendable (String, LogRing.Line) -> Void)?

    init(
        service: String,
        now: @escaping @Sendable () -> Timestamp,
        copy: (@Sendable (String, LogRing.Line) -> Void)? = nil
    ) {
        self.service = service
        self.now = now
        self.copy = copy
        state = Mutex(State(ring: LogRing(service: service)))
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        change { $0.append(bytes, now: now()) }
    }

    /// Ends what was left without a newline when the process ended.
    func finishPartial() {
        change { $0.finishPartial(now: now()) }
    }

    /// Forgets all lines, and gives their memory back.
    func clear() {
        state.withLock { $0.ring.clear() }
    }

    private func change(_ body: (inout LogRing) -> Void) {
        let (listeners, lines) = state.withLock { state -> ([@Sendable () -> Void], [LogRing.Line]) in
            let before = state.ring.endPosition
            body(&state.ring)
            guard state.ring.endPosition > before else { return ([], []) }
            let new = copy == nil ? [] : state.ring.lines(from: before).lines
            return (Array(state.listeners.values), new)
        }
        for listener in listeners { listener() }
        if let copy {
            for line in lines { copy(service, line) }
        }
    }

    /// The last lines and the position to go on from.
    func last(_ count: Int?) -> (lines: [LogRing.Line], next: Int) {
        state.withLock { $0.ring.last(count) }
    }

    func lines(from position: Int, limit: Int) -> (lines: [LogRing.Line], next: Int) {
        state.withLock { $0.ring.lines(from: position, limit: limit) }
    }

    /// The numbers of the oldest line kept and of the next to come.
    var positions: (first: Int, end: Int) {
        state.withLock { (first: $0.ring.firstPosition, end: $0.ring.endPosition) }
    }

    /// Has a closure called after each new line, on the writer's thread, until removed by the number returned.
    func addListener(_ listener: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = listener
            return state.nextListener
        }
    }

    func removeListener(_ number: Int) {
        state.withLock { _ = $0.listeners.removeValue(forKey: number) }
    }
}
