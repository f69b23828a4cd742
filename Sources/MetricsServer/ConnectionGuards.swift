// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// Counts open connections against a limit.
final class ConnectionCount: Sendable {
    private let open = Mutex(0)

    /// Counts one more, unless the limit is reached.
    func enter(limit: Int) -> Bool {
        open.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    /// Counts one less.
    func leave() {
        open.withLock { $0 -= 1 }
    }
}

/// Closes a connection on which nothing has moved for the time its `IdleStateHandler` watches.
final class IdleCloser: ChannelInboundHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
