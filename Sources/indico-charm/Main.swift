// SPDX-License-Identifier: Apache-2.0
import CharmKit
import IndicoCharm

@main
enum Main {
    static func main() {
        CharmMain.run(IndicoCharm.self)
    }
}
