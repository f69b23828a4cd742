// SPDX-License-Identifier: Apache-2.0

import CharmKit

/// A charm made of what a test hands it.
struct TestCharm: Charm {
    let register: (inout Observers) -> Void

    init(_ register: @escaping (inout Observers) -> Void) {
        self.register = register
    }

    init(environment: HookEnvironment) {
        register = { _ in }
    }

    func observe(_ observers: inout Observers) {
        register(&observers)
    }
}

struct HandlerFailure: Error {}
