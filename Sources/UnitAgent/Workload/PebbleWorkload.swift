// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebbleClient

/// A container's Pebble, over its socket.
struct PebbleWorkload: WorkloadConnection {
    private let client: PebbleClient

    init(socketPath: String) {
        // Juju's own clients give a Pebble five seconds too.
        client = PebbleClient(socketPath: socketPath, timeout: .seconds(5))
    }

    func bootID() throws -> String { try client.systemInfo().bootID }

    func notices(after cursor: Timestamp?, timeout: Duration) throws -> [WorkloadNotice] {
        try client.notices(types: [.custom, .changeUpdate], after: cursor, waiting: timeout).map { notice in
            WorkloadNotice(
                id: notice.id,
                type: notice.type.rawValue,
                key: notice.key,
                lastRepeated: notice.lastRepeated,
                data: notice.lastData ?? [:]
            )
        }
    }

    func change(_ id: String) throws -> WorkloadChange? {
        do throws(PebbleClientError) {
            let change = try client.change(id)
            return WorkloadChange(
                kind: change.kind,
                status: change.status.rawValue,
                check: change.data?["check-name"]?.stringValue
            )
        } catch {
            if error.status == 404 { return nil }
            throw error
        }
    }
}
