// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport
import Synchronization

extension HookLoop {
    /// Reboots the machine and has the loop end.
    ///
    /// A command that fails is told in the log, and the unit goes on; a hook that was interrupted for it has failed then.
    func reboot(during interrupted: HookEvent?) async {
        guard let words = core.configuration.rebootCommand, let program = words.first else { return }
        core.setAgentStatus("rebooting", "")
        core.note(.info, "rebooting the machine for the charm")
        let command = Command(program, Array(words.dropFirst()), environment: ["PATH": dispatcher.path])
        let problem: String?
        do {
            let result = try await dispatcher.runner.run(command)
            problem = result.isSuccess ? nil : result.exit.description
        } catch {
            problem = "\(error)"
        }
        guard let problem else { return core.memory.withLock { $0.isStopping = true } }
        core.note(.error, "cannot reboot the machine: \(words.joined(separator: " ")): \(problem)")
        if let interrupted { failed(interrupted) }
    }
}
