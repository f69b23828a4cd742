// SPDX-License-Identifier: Apache-2.0

import HookProtocol
import PebbleAPI

/// Runs tools for the model: turns failures into errors and JSON answers into values.
final class ToolCaller {
    private let tools: any HookTools

    init(tools: any HookTools) {
        self.tools = tools
    }

    /// Runs a tool; `subject` says for people what the call is about, without secrets.
    @discardableResult
    func run(
        _ tool: ToolName,
        _ arguments: [String],
        input: [UInt8]? = nil,
        subject: String = ""
    ) throws(HookToolError) -> ToolReply {
        let reply = try tools.run(tool, arguments, input: input)
        guard reply.exitCode == 0 else { throw HookToolError(tool: tool, subject: subject, reply: reply) }
        return reply
    }

    /// Runs a tool that answers JSON.
    func json<Value: Decodable>(
        _ tool: ToolName,
        _ arguments: [String],
        as type: Value.Type,
        subject: String = ""
    ) throws(HookToolError) -> Value {
        let reply = try run(tool, arguments, subject: subject)
        do {
            return try WireJSON.decode(Value.self, from: reply.standardOutput)
        } catch {
            // The answer itself stays out of the message: it may be a secret.
            throw HookToolError(
                kind: .malformedAnswer,
                tool: tool,
                subject: subject,
                message: "the answer of \(reply.standardOutput.count) bytes is not the JSON expected"
            )
        }
    }

    /// The JSON of a map of text, keys sorted, as tools read it with `--file -`.
    static func encode(_ values: [String: String], for tool: ToolName) throws(HookToolError) -> [UInt8] {
        do {
            return try WireJSON.bytes(of: values)
        } catch {
            throw HookToolError(kind: .other, tool: tool, message: "cannot write the values as JSON: \(error)")
        }
    }
}
