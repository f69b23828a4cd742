// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with a layer or plan.
public struct PlanProblem: Hashable, Sendable {
    /// What is wrong, in the words users of Pebble know.
    public var message: String
    /// Which entry it is in, such as `services.web.command`; empty for the whole.
    public var path: String
    /// The line it is on, from 1; nil where it is on none.
    public var line: Int?

    /// Names a problem and its place.
    public init(message: String, path: String = "", line: Int? = nil) {
        self.message = message
        self.path = path
        self.line = line
    }
}

/// Why a layer or plan is refused: every problem found, the first one as the description.
public struct PlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in the order found; never empty.
    public let problems: [PlanProblem]

    /// Makes an error of one problem.
    public init(_ problem: PlanProblem) {
        problems = [problem]
    }

    /// Makes an error of several problems; nil when there are none.
    public init?(_ problems: [PlanProblem]) {
        if problems.isEmpty { return nil }
        self.problems = problems
    }

    /// What is wrong first, in the words users of Pebble know.
    public var description: String {
        problems.first?.message ?? ""
    }

    /// Every problem on a line of its own, with its line number where it has one.
    public var report: String {
        problems.map { problem in
            problem.line.map { "line \($0): \(problem.message)" } ?? problem.message
        }.joined(separator: "\n")
    }
}
