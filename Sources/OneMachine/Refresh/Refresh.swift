// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import UnitAgent

/// What `refresh` was asked for.
package struct RefreshRequest: Sendable {
    /// Which Indico shall be.
    package enum Goal: Hashable, Sendable {
        /// The newest that pinned requirements are here for.
        case newest
        /// What the requirements in this file make.
        case requirements(String)
        /// What was in use before.
        case previous(discardingChanges: Bool)
        /// To bring a change that was interrupted to its end, and nothing when there is none.
        case interrupted
    }

    package var state: StateDirectory
    package var goal: Goal
    package var environment: [String: String]
    /// The directory of the program that runs: beside it lies what it brings along.
    package var programs: String

    package init(state: StateDirectory, goal: Goal, environment: [String: String], programs: String) {
        self.state = state
        self.goal = goal
        self.environment = environment
        self.programs = programs
    }
}

/// Changes Indico's version under a running installation, and goes back by itself when the new one does not come up.
///
/// The new environment is made beside the old one while that serves. Then visitors are shown a page, so that nothing is
/// written any more; the database is backed up; the link to the environment is turned; the charm upgrades the schema
/// and starts Indico behind the page. Only when it answers there are visitors let in. Until then the way back loses
/// nothing: environment and database are put back to what they were.
package final class Refresh {
    let request: RefreshRequest
    let state: StateDirectory
    let environments: InstalledEnvironments
    let account: Account
    private let screens: (Int) -> StepScreen
    private(set) var screen: StepScreen

    /// - Parameters:
    ///   - request: What is asked for.
    ///   - screens: Makes the screen for a number of steps.
    /// - Throws: ``OperatorError`` when the workload's account cannot be found.
    package init(_ request: RefreshRequest, screens: @escaping (Int) -> StepScreen) throws {
        self.request = request
        self.screens = screens
        state = request.state
        environments = InstalledEnvironments(state: request.state)
        account = try SystemUser.ensure(for: request.state)
        screen = screens(0)
    }

    /// What became of it.
    package enum Outcome: Hashable, Sendable {
        /// There was nothing to do.
        case unchanged(String)
        /// Indico is of this version now.
        case changed(version: String)
    }

    /// Does it; returns when visitors are served by the new Indico.
    ///
    /// - Throws: ``OperatorError`` when it was refused, or given up and gone back from.
    package func run() throws -> Outcome {
        let lock = try StateLock(state, holding: "refresh")
        let outcome = try runLocked()
        _ = consume lock
        return outcome
    }

    private func runLocked() throws -> Outcome {
        if let journal = try RefreshJournal.read(from: state) { return try finish(journal) }
        if request.goal == .interrupted { return .unchanged("nothing was interrupted") }
        screen = screens(2 + Self.forward(from: .pausing).count)
        var target: RefreshTarget?
        try step("Checks") { meter in
            target = try chooseTarget(meter)
            guard let target else { return "Indico is as it shall be" }
            return target.description
        }
        guard let target, let current = environments.current else { return .unchanged("Indico is as it shall be") }
        try step("Python packages") { try build(target, $0) }
        var journal = RefreshJournal(from: current, to: target.name)
        journal.restores = target.restores
        try journal.write(to: state)
        return try goForward(journal)
    }

    /// Goes on with a change that was interrupted, in the direction it had.
    private func finish(_ journal: RefreshJournal) throws -> Outcome {
        guard journal.phase != .returning else {
            screen = screens(Self.backward(from: journal).count)
            throw try goBack(journal)
        }
        screen = screens(Self.forward(from: journal.phase).count)
        return try goForward(journal)
    }

    // MARK: - Forward

    struct Step {
        var name: String
        var run: (Refresh, inout RefreshJournal, StepMeter) throws -> String
        /// What is noted once it is done.
        var next: RefreshJournal.Phase?
    }

    static func forward(from phase: RefreshJournal.Phase) -> [Step] {
        let pausing = [
            Step(name: "Maintenance page") { try $0.pause(&$1, $2) },
            Step(name: "Backup", run: { try $0.backUp(&$1, $2) }, next: .switching),
        ]
        let switching = [
            Step(name: "New environment") { try $0.turn(to: $1.to, $2) },
            Step(name: "Database") { try $0.bringDatabase(&$1, $2) },
            Step(name: "Looking at Indico", run: { try $0.look($1, $2) }, next: .opening),
        ]
        let opening = [Step(name: "Visitors") { try $0.open($1, $2) }]
        switch phase {
        case .pausing: return pausing + switching + opening
        case .switching: return switching + opening
        case .opening: return opening
        case .returning: return []
        }
    }

    private func goForward(_ begun: RefreshJournal) throws -> Outcome {
        var journal = begun
        do {
            for next in Self.forward(from: begun.phase) { try run(next, &journal) }
        } catch {
            journal.reason = (error as? OperatorError)?.message ?? "\(error)"
            if journal.phase == .opening, let kept = try staying(journal) { throw kept }
            journal.phase = .returning
            try journal.write(to: state)
            screen = screens(Self.backward(from: journal).count)
            throw try goBack(journal)
        }
        let version = try question.database(environments.path(journal.to)).version
        try environments.keep(.init(name: journal.from, backup: journal.backup ?? "-"))
        try RefreshJournal.remove(from: state)
        return .changed(version: version)
    }

    /// With visitors let in, the old database may miss what they wrote: going back is for people to decide then.
    ///
    /// - Returns: What to tell them; nil when going back loses nothing.
    private func staying(_ journal: RefreshJournal) throws -> OperatorError? {
        let now = try question.database(environments.path(journal.to))
        guard now.mark != journal.before else { return nil }
        try environments.keep(.init(name: journal.from, backup: journal.backup ?? "-"))
        try RefreshJournal.remove(from: state)
        return OperatorError(
            "Indico \(now.version) serves, but not all is well: \(journal.reason ?? "")",
            remedy:
                "'indico-operator status' tells more. 'indico-operator refresh --back --discard-changes' goes back to\nwhat was, without what people have written since."
        )
    }

    private func run(_ step: Step, _ journal: inout RefreshJournal) throws {
        var changed = journal
        try self.step(step.name) { meter in try step.run(self, &changed, meter) }
        journal = changed
        if let next = step.next { journal.phase = next }
        try journal.write(to: state)
    }

    // MARK: - Back

    static func backward(from journal: RefreshJournal) -> [Step] {
        let opening = [Step(name: "Visitors") { try $0.open($1, $2) }]
        // Nothing but the page was changed.
        if journal.backup == nil { return opening }
        return [
            Step(name: "Old environment") { try $0.turn(to: $1.from, $2) },
            Step(name: "Old database") { try $0.returnDatabase($1, $2) },
            Step(name: "Looking at Indico") { try $0.look($1, $2) },
        ] + opening
    }

    /// Brings everything back.
    ///
    /// - Returns: What to tell whoever asked for the change.
    private func goBack(_ begun: RefreshJournal) throws -> OperatorError {
        var journal = begun
        do {
            for next in Self.backward(from: begun) { try run(next, &journal) }
        } catch let error as OperatorError {
            throw OperatorError(
                "Indico was not changed (\(journal.reason ?? "interrupted")), and the way back is not done: \(error.message)",
                remedy:
                    "'indico-operator refresh' tries again, and so does the unit agent, each minute.\n\(error.remedy)",
                evidence: error.evidence
            )
        }
        try RefreshJournal.remove(from: state)
        return OperatorError(
            "Indico was not changed: \(journal.reason ?? "the change was interrupted")",
            remedy: "The old one serves again, on its database as it was."
        )
    }

    private func step(_ name: String, _ body: (StepMeter) throws -> String) throws {
        try screen.step(name) { meter in
            do {
                return try body(meter)
            } catch let error as SystemError {
                throw Up.explain(error, during: name)
            } catch let failure as ControlFailure {
                throw OperatorError(
                    "the unit agent: \(failure.message)",
                    remedy: "'indico-operator status' tells whether it is up."
                )
            }
        }
    }
}
