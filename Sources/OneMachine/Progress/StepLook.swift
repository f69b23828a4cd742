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

    package init(usesColour: Bool, usesUnicode: Bool, width: Int) {
        self.usesColour = usesColour
        self.usesUnicode = usesUnicode
        self.width = width
    }

    package var frames: [String] {
        usesUnicode ? ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] : ["|", "/", "-", "\\"]
    }

    /// The line that moves.
    package func running(_ state: StepState, frame: Int) -> String {
        let spinner = frames[frame % frames.count]
        var line = " \(spinner) \(state.position) " + coloured("1", padded(state.name, Self.nameWidth))
        line += " " + bar(state) + " "
        let used = 1 + 1 + 1 + state.position.count + 1 + Self.nameWidth + 1 + Self.barWidth + 1 + Self.elapsedWidth + 2
        let room = max(0, width - used - 1)
        let tail = leftPadded(Self.text(state.elapsed), Self.elapsedWidth) + "  " + String(state.detail.prefix(room))
        return line + coloured("2", tail)
    }

    /// The line that stays.
    package func ended(_ state: StepState, succeeded: Bool) -> String {
        let mark = usesUnicode ? (succeeded ? "✓" : "✗") : (succeeded ? "ok" : "!!")
        let tail = leftPadded(Self.text(state.elapsed), Self.elapsedWidth) + "  " + state.detail
        return " " + coloured(succeeded ? "32" : "31", mark) + " \(state.position) "
            + padded(state.name, Self.nameWidth) + " " + coloured("2", tail)
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
