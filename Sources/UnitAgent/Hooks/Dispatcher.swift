// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport

/// What a dispatch came to.
struct DispatchResult: Sendable {
    /// How it ended; nil when it could not be started.
    let exit: ProcessExit?
    /// Why it could not be started.
    var failure = ""
    var isCancelled = false
    var output: [UInt8] = []
    var errorOutput: [UInt8] = []

    var isSuccess: Bool { !isCancelled && exit?.isSuccess == true }

    /// The exit code as a shell would report it.
    var code: Int32 { exit?.code ?? 1 }

    var reason: String { exit?.description ?? failure }
}

/// Runs the charm's `dispatch` for one event.
struct Dispatcher: Sendable {
    let configuration: AgentConfiguration
    let unit: UnitIdentity
    let log: DebugLog
    let runner: CommandRunner
    /// The agent's own search path, which hook tools go before.
    let path: String

    /// What of an action's output is kept as its result.
    private static let outputLimit = 1 << 20

    /// Runs the charm to its end; `started` receives how to kill it before that.
    func dispatch(
        _ event: HookEvent,
        contextID: String,
        started: (@escaping @Sendable () -> Void) -> Void
    ) async -> DispatchResult {
        let command = Command(
            configuration.charmDirectory + "/dispatch",
            environment: environment(event, contextID: contextID),
            directory: configuration.charmDirectory,
            outputLimit: Self.outputLimit
        )
        let logger = "unit.\(unit.unitName).\(event.name)"
        let (runner, log) = (runner, log)
        let running = Task {
            try await runner.run(command) { stream, line in
                log.write(stream == .output ? .debug : .warning, logger, line)
            }
        }
        started { running.cancel() }
        return await withTaskCancellationHandler {
            do {
                let result = try await running.value
                return DispatchResult(exit: result.exit, output: result.output, errorOutput: result.errorOutput)
            } catch is CancellationError {
                return DispatchResult(exit: nil, failure: "killed", isCancelled: true)
            } catch {
                return DispatchResult(exit: nil, failure: "\(error)")
            }
        } onCancel: {
            running.cancel()
        }
    }

    /// What an operator needs to run an event by hand.
    func debugHook(_ event: HookEvent, contextID: String) -> DebugHook {
        DebugHook(
            name: event.name,
            environment: environment(event, contextID: contextID),
            directory: configuration.charmDirectory
        )
    }

    /// The charm's whole environment: nothing of the agent's own but the search path.
    private func environment(_ event: HookEvent, contextID: String) -> [String: String] {
        var additional = ["DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none"]
        additional.merge(configuration.environment) { $1 }
        return HookEnvironment(
            event: event,
            contextID: contextID,
            agentSocket: configuration.hookSocketPath,
            charmDirectory: configuration.charmDirectory,
            containersDirectory: configuration.containersDirectory,
            unit: unit.unit,
            model: ModelIdentity(name: unit.modelName, uuid: unit.modelUUID),
            // Checked when the agent started.
            jujuVersion: JujuVersion(unit.jujuVersion) ?? JujuVersion(major: 3, minor: 6),
            machineID: "0",
            path: "\(configuration.toolsDirectory):\(path)",
            additional: additional
        ).variables
    }
}
