// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The body of a request while it comes in, with a bound on what waits to be read.
final class RequestBody: Sendable {
    private struct State {
        var chunks: [ByteBuffer] = []
        var buffered = 0
        var isEnded = false
        var isBroken = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private static let highWater = 1 << 20
    private let state = Mutex(State())
    /// Called when there is room again.
    private let wantsMore: @Sendable () -> Void

    init(wantsMore: @escaping @Sendable () -> Void) {
        self.wantsMore = wantsMore
    }

    /// That of a request which has none.
    static let none: RequestBody = {
        let body = RequestBody {}
        body.end()
        return body
    }()

    /// Whether more should be read from the connection.
    var hasRoom: Bool { state.withLock { $0.buffered < Self.highWater } }

    func append(_ buffer: ByteBuffer) {
        let waiter = state.withLock { state in
            state.chunks.append(buffer)
            state.buffered += buffer.readableBytes
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// The body is complete, or (`isBroken`) will never be.
    func end(isBroken: Bool = false) {
        let waiter = state.withLock { state in
            state.isEnded = true
            state.isBroken = state.isBroken || isBroken
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// The next piece; nil at the end.
    func next() async throws(DaemonError) -> ByteBuffer? {
        while true {
            let (chunk, isEnded, isBroken) = state.withLock { state -> (ByteBuffer?, Bool, Bool) in
                guard !state.chunks.isEmpty else { return (nil, state.isEnded, state.isBroken) }
                let chunk = state.chunks.removeFirst()
                state.buffered -= chunk.readableBytes
                return (chunk, false, false)
            }
            if let chunk {
                wantsMore()
                return chunk
            }
            if isBroken { throw DaemonError(.invalid, "unexpected EOF") }
            if isEnded { return nil }
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if !state.chunks.isEmpty || state.isEnded { return true }
                    state.waiter = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }

    /// Takes the rest away.
    ///
    /// Says whether that was no more than `limit`.
    func drain(limit: Int) async -> Bool {
        var count = 0
        while true {
            if isOver { return true }
            guard count < limit else { return false }
            guard let chunk = try? await next() else { return isOver }
            count += chunk.readableBytes
        }
    }

    /// Whether all there was has been taken.
    private var isOver: Bool { state.withLock { $0.isEnded && !$0.isBroken && $0.chunks.isEmpty } }

    /// The whole body, if it is no larger than `limit`.
    func collect(limit: Int) async throws(DaemonError) -> ByteBuffer {
        var whole = ByteBuffer()
        while var chunk = try await next() {
            guard whole.readableBytes + chunk.readableBytes <= limit else {
                throw DaemonError(.invalid, "request body must be \(limit) bytes or less")
            }
            whole.writeBuffer(&chunk)
        }
        return whole
    }
}
