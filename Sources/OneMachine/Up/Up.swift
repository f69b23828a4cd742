// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import UnitAgent

/// Brings everything up, step by step.
///
/// Each step looks first and does only what is missing, so that running it again takes seconds and restarts nothing,
/// and an interrupted run is finished by the next.
package final class Up {
    package let request: UpRequest
    package let screen: StepScreen
    let state: StateDirectory
    let supervisor: LocalSupervisor
    var account: Account?
    var settings = Settings()
    var choice: IndicoChoice?
    /// Whether an operator paused the site: then that is what visitors see, and what is waited for.
    var isPaused = false

    package init(request: UpRequest, screen: StepScreen) {
        self.request = request
        self.screen = screen
        state = request.state
        supervisor = LocalSupervisor(state: request.state)
    }

    /// A step with what it does; what that returns stays on the screen.
    struct Step {
        var name: String
        var run: (Up, StepMeter) throws -> String
    }

    /// `scripts/run.sh` counts these on top of its own two.
    package static let stepNames = steps.map(\.name)

    static var steps: [Step] {
        [
            Step(name: "Checks") { try $0.check($1) },
            Step(name: "Charm and directories") { try $0.layOut($1) },
            Step(name: "Python packages") { try $0.installPython($1) },
            Step(name: "PostgreSQL") { try $0.preparePostgreSQL($1) },
            Step(name: "Redis") { try $0.prepareRedis($1) },
            Step(name: "Supervisor") { try $0.startSupervisor($1) },
            Step(name: "Unit agent") { try $0.informAgent($1) },
            Step(name: "Indico") { try $0.waitForCharm($1) },
            Step(name: "Home page") { try $0.waitForHomePage($1) },
        ]
    }

    /// Runs the steps; returns when the first page is served.
    package func run() throws {
        let isNew = try StateClaim.claim(state)
        let lock = try StateLock(state, holding: "up")
        var steps = Self.steps
        if request.observability { steps.append(Step(name: "Prometheus") { try $0.observe($1) }) }
        for (index, step) in steps.enumerated() {
            do {
                try run(step)
            } catch {
                // The first step only looks.
                if isNew && index == 0 { StateClaim.release(state) }
                throw error
            }
        }
        _ = consume lock
    }

    private func run(_ step: Step) throws {
        try screen.step(step.name) { meter in
            do {
                return try step.run(self, meter)
            } catch let error as SystemError {
                throw Self.explain(error, during: step.name)
            }
        }
    }

    var agent: AgentControlClient { AgentControlClient(socketPath: state.controlSocket) }

    func requiredAccount() throws(OperatorError) -> Account {
        guard let account else { throw OperatorError("no account was chosen yet") }
        return account
    }

    func requiredChoice() throws(OperatorError) -> IndicoChoice {
        guard let choice else { throw OperatorError("no release of Indico was chosen yet") }
        return choice
    }

    static func explain(_ error: SystemError, during step: String) -> OperatorError {
        if error.number == ENOSPC || error.number == EDQUOT {
            return OperatorError("the disk is full", remedy: "Make room, then run this again; it goes on from there.")
        }
        if error.isPermissionDenied {
            return OperatorError("cannot \(error)", remedy: "Run this as the user who ran 'up' first.")
        }
        return OperatorError(
            "cannot \(error)",
            remedy: "It happened in the step '\(step)'. Run this again once it is put right."
        )
    }
}
