// SPDX-License-Identifier: Apache-2.0

import Glibc
import HookProtocol
import ProgramVersion

@main
struct Main {
    static func main() {
        // Under the names of the tools it is a hook tool and nothing else.
        if CommandLine.arguments.first?.hasSuffix("hook-tool") == true,
            ProgramVersion.tellIfAsked(CommandLine.arguments)
        {
            return
        }
        exit(HookTool.run(arguments: CommandLine.arguments))
    }
}
