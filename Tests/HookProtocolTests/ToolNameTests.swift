// SPDX-License-Identifier: Apache-2.0

import HookProtocol
import Testing

@Suite struct ToolNameTests {
    @Test(arguments: [
        ("relation-set", ["-r", "db:7", "--file", "-"], true),
        ("relation-set", ["-r", "db:7", "--file=-"], true),
        ("relation-set", ["-r", "db:7", "k=v"], false),
        ("relation-set", ["-r", "db:7", "--file", "/tmp/x"], false),
        ("state-set", ["--file", "-"], true),
        ("secret-add", ["--file", "-", "--owner", "unit"], true),
        ("juju-log", ["--file", "-"], false),
        ("state-set", ["--", "--file", "-"], false),
    ])
    func `only tools called with the input flag read standard input`(tool: String, arguments: [String], reads: Bool) {
        #expect(ToolName(rawValue: tool)?.readsStandardInput(arguments: arguments) == reads)
    }

    @Test func `the call is the link's name or the first argument`() {
        #expect(HookTool.Call(arguments: ["/tools/config-get", "--all"])?.tool == "config-get")
        #expect(HookTool.Call(arguments: ["/tools/config-get", "--all"])?.arguments == ["--all"])
        #expect(HookTool.Call(arguments: ["./hook-tool", "is-leader", "x"])?.tool == "is-leader")
        #expect(HookTool.Call(arguments: ["./hook-tool", "is-leader", "x"])?.arguments == ["x"])
        #expect(HookTool.Call(arguments: ["hook-tool"]) == nil)
        #expect(HookTool.Call(arguments: []) == nil)
    }

    @Test func `an agent is only looked for inside a dispatch`() throws {
        let variables = ["JUJU_AGENT_SOCKET_ADDRESS": "/run/s", "JUJU_CONTEXT_ID": "c"]
        #expect(try AgentAddress { variables[$0] } == AgentAddress(path: "/run/s", contextID: "c"))
        for missing in variables.keys {
            #expect(throws: AgentConnectionError.notInHook(missingVariable: missing)) {
                try AgentAddress { $0 == missing ? nil : variables[$0] }
            }
        }
        #expect(throws: AgentConnectionError.unsupportedNetwork("tcp")) {
            try AgentAddress { $0 == "JUJU_AGENT_SOCKET_NETWORK" ? "tcp" : variables[$0] }
        }
    }
}
