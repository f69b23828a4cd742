// SPDX-License-Identifier: Apache-2.0

import CharmKit

@main
struct Main {
    static func main() {
        CharmMain.run(StoryCharm.self)
    }
}
