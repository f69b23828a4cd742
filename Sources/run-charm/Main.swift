// SPDX-License-Identifier: Apache-2.0
import CharmRunner

@main
enum Main {
    static func main() async {
        await RunCharm.runAsProcess()
    }
}
