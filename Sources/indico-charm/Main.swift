// SPDX-License-Identifier: Apache-2.0
import CharmKit
import IndicoCharm
import ProgramVersion

@main
enum Main {
    static func main() {
        if ProgramVersion.tellIfAsked(CommandLine.arguments) { return }
        CharmMain.run(IndicoCharm.self)
    }
}
