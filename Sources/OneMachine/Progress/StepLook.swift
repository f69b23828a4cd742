// SPDX-License-Identifier: Apache-2.0

/// What a step looks like at one moment.
package struct StepState: Hashable, Sendable {
    package var number: Int
    package var total: Int
    package var name: String
    package var elapsed: Duration
    /// How much of it is done, where that can be told.
    package var done: Int
    package var of: Int
    package var detail: String

    package init(number: Int, total: Int, name: String, elapsed: Duration = .zero) {
        self.number = number
        self.total = total
        self.name = name
        self.elapsed = elapsed
        self.done = 0
        self.of = 0
        self.detail = ""
    }

    package var position: String {
        let width = String(total).count
        return "[" + String(repeating: " ", count: max(0, width - String(number).count)) + "\(number)/\(total)]"
    }
}

/// How steps are drawn.
///
/// `scripts/progress.sh` draws the steps before ours, to the same measures.
package struct StepLook: Hashable, Sendable {
    package var usesColour: Bool
    package var usesUnicode: Bool
    package var width: Int

    package static let nameWidth = 22
    package static let barWidth = 20
    package static let elapsedWidth = 10
    /// What the columns take, without a detail.
    package static let columnsWidth = 60

    package init(usesColour: Bool, usesUnicode: Bool, width: Int) {
        self.usesColour = usesColour
        self.usesUnicode = usesUnicode
        self.width = width
    }

    package var frames: [String] {
        usesUnicode ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"]
    }

    /// The line that moves.
    ///
    /// It never wraps: what wrapped could not be drawn over. Where there is no room, first the bar goes, then the end.
    package func running(_ state: StepState, frame: Int) -> String {
        let head = " \(frames[frame % frames.count]) \(state.position) "
        let elapsed = leftPadded(Self.text(state.elapsed), Self.elapsedWidth)
        let bare = head.count + Self.nameWidth + elapsed.count + 1
        let bar = width > bare + Self.barWidth + 1 ? " " + bar(state) + " " : ""
        let room = max(0, width - head.count - 1)
        let isNarrow = width < Self.columnsWidth
        let name = String((isNarrow ? state.name : padded(state.name, Self.nameWidth)).prefix(room))
        let tail = (isNarrow ? "  " + Self.text(state.elapsed) : bar + elapsed) + "  " + state.detail
        return head + coloured("1", name) + coloured("2", String(tail.prefix(room - name.count)))
    }

    /// The line that stays.
    package func ended(_ state: StepState, succeeded: Bool) -> String {
        let mark = usesUnicode ? (succeeded ? "✓" : "✗") : (succeeded ? "ok" : "!!")
        let head = " " + coloured(succeeded ? "32" : "31", mark) + " \(state.position) "
        let elapsed = Self.text(state.elapsed)
        // In columns where they fit, else as a sentence that may wrap.
        guard width >= Self.columnsWidth else {
            return head + state.name + coloured("2", "  " + elapsed + (state.detail.isEmpty ? "" : "  " + state.detail))
        }
        let tail = leftPadded(elapsed, Self.elapsedWidth) + "  " + state.detail
        return head + padded(state.name, Self.nameWidth) + " " + coloured("2", tail)
    }

    private func bar(_ state: StepState) -> String {
        guard state.of > 0 else { return String(repeating: " ", count: Self.barWidth) }
        let filled = min(Self.barWidth, max(0, state.done * Self.barWidth / state.of))
        return String(repeating: usesUnicode ? "━" : "#", count: filled)
            + String(repeating: usesUnicode ? "─" : ".", count: Self.barWidth - filled)
    }

    package func coloured(_ code: String, _ text: String) -> String {
        usesColour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func leftPadded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A time as people say it: `7 s`, `2 min 05 s`.
    package static func text(_ duration: Duration) -> String {
        let seconds = Int(duration.components.seconds)
        guard seconds >= 60 else { return "\(seconds) s" }
        let rest = seconds % 60
        return "\(seconds / 60) min \(rest < 10 ? "0" : "")\(rest) s"
    }
}
