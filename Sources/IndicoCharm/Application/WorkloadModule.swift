// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// Our Python module inside Indico's environment: JSON goes in by standard input, JSON comes back.
struct WorkloadModule {
    let container: Container
    let layout: WorkloadLayout
    let account: ServiceAccount?

    /// A refusal the module explains.
    struct Refusal: Error, Hashable, CustomStringConvertible {
        let code: String
        let message: String

        var description: String { message }
    }

    /// Asks the module for something.
    ///
    /// - Parameters:
    ///   - verb: What.
    ///   - request: What it needs to know.
    ///   - configuration: Another `indico.conf` than the one in use.
    ///   - timeout: How long it may take.
    /// - Returns: The reply.
    /// - Throws: ``Refusal`` when the module says no; ``ContainerError`` when it cannot be run.
    func ask(
        _ verb: String,
        _ request: [String: JSONValue] = [:],
        configuration: String? = nil,
        timeout: Duration = .seconds(60)
    ) throws -> [String: JSONValue] {
        var environment = IndicoLayer.environment(layout)
        if let configuration { environment["INDICO_CONFIG"] = configuration }
        let command = ExecCommand(
            [layout.python, layout.workloadModule, verb],
            environment: environment,
            workingDirectory: layout.home,
            timeout: timeout,
            ownership: account?.ownership ?? Ownership(),
            input: try WireJSON.bytes(of: JSONValue.object(request))
        )
        let result = try container.execute(command)
        guard case .object(let reply)? = try? JSONReading.value(of: result.standardOutput) else {
            throw Refusal(code: "no-reply", message: "\(verb) ended with code \(result.exitCode) and no reply")
        }
        guard case .bool(true)? = reply["ok"] else {
            throw Refusal(
                code: reply["error"]?.text ?? "unknown",
                message: reply["message"]?.text ?? "\(verb) failed with code \(result.exitCode)"
            )
        }
        return reply
    }
}

extension JSONValue {
    var text: String? {
        if case .string(let value) = self { value } else { nil }
    }
}
