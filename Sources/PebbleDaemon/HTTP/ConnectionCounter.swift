// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import NIOCore
import Synchronization

/// Keeps the number of connections at bay, and so that nobody is kept out for the sake of others.
///
/// The administrators have a share that is theirs alone; what is left is for everybody else, each with a bound.
final class ConnectionCounter: Sendable {
    struct Full: Error {}

    private let counts = Mutex<[Peer: Int]>([:])
    private let limits: ConnectionLimits

    init(limits: ConnectionLimits = ConnectionLimits(descriptors: DescriptorLimit.current)) {
        self.limits = limits
    }

    /// Whether nobody is connected.
    var isEmpty: Bool { counts.withLock { $0.isEmpty } }

    func admit(_ channel: any Channel, from peer: Peer) throws {
        try counts.withLock { counts in
            guard limits.allow(peer, daemonUserID: geteuid(), besides: counts) else { throw Full() }
            counts[peer, default: 0] += 1
        }
        channel.closeFuture.whenComplete { _ in
            self.counts.withLock { counts in
                counts[peer, default: 0] -= 1
                if counts[peer] == 0 { counts[peer] = nil }
            }
        }
    }
}

/// How many connections there may be.
struct ConnectionLimits: Equatable, Sendable {
    /// Of root and of the daemon's own user, each.
    var administrator: Int
    /// Of any other user, or of all that come over TCP.
    var other: Int
    /// Of all those together.
    var others: Int

    /// Leaves most of the process's descriptors to services, commands and files.
    init(descriptors: UInt64) {
        administrator = Int(min(descriptors / 4, 4096))
        other = Int(min(descriptors / 8, 256))
        others = Int(min(descriptors / 4, 512))
    }

    func allow(_ peer: Peer, daemonUserID: UInt32, besides counts: [Peer: Int]) -> Bool {
        let own = counts[peer] ?? 0
        guard !Self.isAdministrator(peer, daemonUserID) else { return own < administrator }
        let all = counts.filter { !Self.isAdministrator($0.key, daemonUserID) }.values.reduce(0, +)
        return own < other && all < others
    }

    private static func isAdministrator(_ peer: Peer, _ daemonUserID: UInt32) -> Bool {
        peer == .local(userID: 0) || peer == .local(userID: daemonUserID)
    }
}
