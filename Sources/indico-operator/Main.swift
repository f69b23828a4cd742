// SPDX-License-Identifier: Apache-2.0
import OperatorCommands

@main
enum Main {
    static func main() async {
        await IndicoOperator.runAndExit()
    }
}
