// SPDX-License-Identifier: Apache-2.0

/// The last values of something as a row of little bars.
struct Sparkline {
    private static let bars: [Character] = Array("▁▂▃▄▅▆▇█")
    private var values: [Double?] = []
    private let width: Int

    init(width: Int) { self.width = width }

    /// Adds a value at the right; nil leaves a gap.
    mutating func append(_ value: Double?) {
        values.append(value)
        if values.count > width { values.removeFirst(values.count - width) }
    }

    /// The bars, the highest value of the row being a whole one.
    var text: String {
        let top = values.compactMap { $0 }.max() ?? 0
        return String(
            values.map { value in
                guard let value else { return " " }
                guard top > 0 else { return Self.bars[0] }
                return Self.bars[min(7, Int(value / top * 7.999))]
            }
        )
    }
}
