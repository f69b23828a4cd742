// SPDX-License-Identifier: Apache-2.0

import Glibc
import HookProtocol

@main
struct Main {
    static func main() {
        exit(HookTool.run(arguments: CommandLine.arguments))
    }
}
