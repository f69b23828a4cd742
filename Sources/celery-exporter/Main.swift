// SPDX-License-Identifier: Apache-2.0
import CeleryExporter

@main
enum Main {
    static func main() async {
        await CeleryExporterCommand.runFromCommandLine()
    }
}
