// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization

/// Shows steps while they run: one line that moves on a terminal, plain lines anywhere else.
package final class StepScreen: Sendable {
    private struct State {
        var current: StepState?
        var began = ContinuousClock.now
        var lastSaid = ContinuousClock.now
        var frame = 0
        var number: Int
    }

    private let state: Mutex<State>
    private let total: Int
    private let look: StepLook
    private let isTerminal: Bool
    private let write: @Sendable (String) -> Void

    /// How often a plain log hears that a step is still alive.
    private static let plainInterval = Duration.seconds(15)

    /// - Parameters:
    ///   - offset: How many steps somebody else has shown already.
    ///   - total: How many there are with those.
    ///   - look: How lines are drawn.
    ///   - isTerminal: Whether lines may move.
    ///   - write: Takes the text.
    package init(offset: Int, total: Int, look: StepLook, isTerminal: Bool, write: @escaping @Sendable (String) -> Void)
    {
        state = Mutex(State(number: offset))
        self.total = total
        self.look = look
        self.isTerminal = isTerminal
        self.write = write
    }

    /// Runs one step.
    ///
    /// What it returns is what the line that stays says.
    package func step(_ name: String, _ body: (StepMeter) throws -> String) throws {
        begin(name)
        let ticker = isTerminal ? ScreenTicker { [weak self] in self?.draw() } : nil
        defer { ticker?.stop() }
        do {
            let detail = try body(StepMeter(screen: self))
            ticker?.stop()
            end(detail: detail, succeeded: true)
        } catch {
            ticker?.stop()
            end(detail: "", succeeded: false)
            throw error
        }
    }

    private func begin(_ name: String) {
        let line: String = state.withLock { state in
            state.number += 1
            let step = StepState(number: state.number, total: total, name: name)
            state.current = step
            state.began = .now
            state.lastSaid = .now
            return "\(step.position) \(name) ...\n"
        }
        write(isTerminal ? "\u{1B}[?25l" : line)
    }

    fileprivate func update(done: Int, of: Int, detail: String) {
        let line: String? = state.withLock { state in
            state.current?.done = done
            state.current?.of = of
            state.current?.detail = detail
            guard !isTerminal, let step = state.current, .now - state.lastSaid >= Self.plainInterval else { return nil }
            state.lastSaid = .now
            let elapsed = StepLook.text(.now - state.began)
            return "\(step.position) \(step.name): \(elapsed)\(detail.isEmpty ? "" : ", " + detail)\n"
        }
        if let line { write(line) }
    }

    private func draw() {
        let line: String? = state.withLock { state in
            guard var step = state.current else { return nil }
            step.elapsed = .now - state.began
            state.frame += 1
            return "\r\u{1B}[K" + look.running(step, frame: state.frame)
        }
        if let line { write(line) }
    }

    private func end(detail: String, succeeded: Bool) {
        let line: String? = state.withLock { state in
            guard var step = state.current else { return nil }
            state.current = nil
            step.elapsed = .now - state.began
            step.detail = detail
            if isTerminal { return "\r\u{1B}[K" + look.ended(step, succeeded: succeeded) + "\u{1B}[?25h\n" }
            let words =
                succeeded ? "done in \(StepLook.text(step.elapsed))" : "failed after \(StepLook.text(step.elapsed))"
            return "\(step.position) \(step.name): \(words)\(detail.isEmpty ? "" : ", " + detail)\n"
        }
        if let line { write(line) }
    }
}

/// What a step tells the screen.
package struct StepMeter: Sendable {
    fileprivate let screen: StepScreen

    /// Says how far the step is; `of` is 0 where that cannot be told.
    package func update(done: Int = 0, of: Int = 0, _ detail: String) {
        screen.update(done: done, of: of, detail: detail)
    }
}

/// Calls a function every eighth of a second on a thread of its own, until it is stopped.
private final class ScreenTicker: Sendable {
    private let isStopped = Mutex(false)

    init(_ tick: @escaping @Sendable () -> Void) {
        // Without a thread the line does not move; the step goes on.
        try? startThread(named: "screen") { [self] in
            while isStopped.withLock({ isStopped in
                // Under the lock, so that nothing is drawn over the line that stays.
                if !isStopped { tick() }
                return !isStopped
            }) {
                usleep(120_000)
            }
        }
    }

    func stop() {
        isStopped.withLock { $0 = true }
    }
}
