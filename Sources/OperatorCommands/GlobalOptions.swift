// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import PebbleClient
import Pods
import UnitAgent

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp(
            "Where the installation lives.",
            discussion:
                "Default: $INDICO_OPERATOR_STATE_DIR, else /var/lib/indico-operator for root and ~/.local/state/indico-operator for others.",
            valueName: "directory"
        ),
        completion: .directory
    )
    var stateDirectory: String?

    var environment: [String: String] { ProcessEnvironment.current() }

    func state() throws(OperatorError) -> StateDirectory {
        var buffer = [CChar](repeating: 0, count: 4096)
        let working = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
        return try StateDirectory.chosen(
            option: stateDirectory,
            environment: environment,
            userID: geteuid(),
            workingDirectory: working
        )
    }

    /// The state directory of an installation that is there.
    func installation() throws -> StateDirectory {
        let state = try state()
        guard try StateMarker.read(from: state) != nil else {
            throw OperatorError(
                "there is no installation in \(state.path)",
                remedy: "'indico-operator up' makes one. Is it another user's, or elsewhere? Then give --state-dir."
            )
        }
        return state
    }

    /// The agent of the unit; in pods the leader's.
    func agent() throws -> AgentControlClient {
        let state = try installation()
        let pods = PodLayout(state)
        guard pods.isUsed else { return AgentControlClient(socketPath: state.controlSocket) }
        return AgentControlClient(socketPath: pods.controlSocket(try PodStatus.current(pods).leaderPod()))
    }

    func pebble(_ container: ContainerName) throws -> PebbleClient {
        let state = try state()
        let pods = PodLayout(state)
        guard pods.isUsed, container != .local else {
            return PebbleClient(socketPath: state.socket(container), timeout: .seconds(10))
        }
        let pod = try PodStatus.current(pods).leaderPod()
        return PebbleClient(socketPath: pods.socket(container.rawValue, of: pod), timeout: .seconds(10))
    }
}

/// The environment of this process, read once where a command begins.
enum ProcessEnvironment {
    static func current() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }
}
