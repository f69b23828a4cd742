// SPDX-License-Identifier: Apache-2.0
import CharmKit

extension Container {
    /// Replans, and takes it that a companion did not start as long as the main service did.
    ///
    /// An exporter that fails must not keep the site from being served. Pebble tries it again by itself, and the
    /// unit's status names it until it runs.
    func replanAround(_ main: String, timeout: Duration) throws {
        do {
            try replan(timeout: timeout)
        } catch let error as ContainerError where error.kind == .changeFailed {
            guard try services([main])[main]?.isRunning == true else { throw error }
        }
    }
}
