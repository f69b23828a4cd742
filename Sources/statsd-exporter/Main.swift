// SPDX-License-Identifier: Apache-2.0
import StatsDExporter

@main
enum Main {
    static func main() async {
        await StatsDExporterCommand.runFromCommandLine()
    }
}
