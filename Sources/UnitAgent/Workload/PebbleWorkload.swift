// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A container's Pebble, over its socket.
struct PebbleWorkload: WorkloadConnection {
    let socketPath: String

    struct Unreachable: Error {}

    func bootID() throws -> String { throw Unreachable() }
    func notices(after cursor: Timestamp?, timeout: Duration) throws -> [WorkloadNotice] { [] }
    func change(_ id: String) throws -> WorkloadChange? { nil }
}
