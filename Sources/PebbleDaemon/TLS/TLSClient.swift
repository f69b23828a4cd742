// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TLSChannel
import TLSSupport

/// The context for connections to others, made when the first is: reading the system's authorities takes time and
/// memory that a daemon without such connections keeps.
final class TLSClient: Sendable {
    private let context: Mutex<TLSContext?> = Mutex(nil)

    func handler(host: String) throws -> TLSHandler {
        let context = try context.withLock { known in
            if let known { return known }
            let new = try TLSContext.client()
            known = new
            return new
        }
        return try TLSHandler(context: context, host: host)
    }
}
