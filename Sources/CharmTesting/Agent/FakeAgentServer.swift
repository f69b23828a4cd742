// SPDX-License-Identifier: Apache-2.0

public import CharmKit
import Glibc
import Synchronization

/// Serves a stated world to hook tools over a real socket, for tests of real executables.
///
/// Start the charm's `dispatch` with ``variables(path:)``, wait for it, and take ``end(exitCode:)``.
public final class FakeAgentServer: Sendable {
    /// The path of the socket.
    public let path: String
    private let environment: HookEnvironment
    private let listener: Int32
    private let agent: Mutex<FakeAgent>

    /// Listens, and answers until the server is gone.
    ///
    /// - Parameters:
    ///   - world: The world before the event.
    ///   - event: The event.
    ///   - path: The path of the socket to make; at most 107 bytes.
    ///   - charmDirectory: The unpacked charm, for a dispatch that reads its metadata.
    ///   - declaration: What the charm's files declare; nil for not checked.
    /// - Throws: ``ImpossibleWorld``, or ``ServerFailure`` when the socket cannot be made.
    public init(
        world: World,
        event: HookEvent,
        path: String,
        charmDirectory: String = "/charm",
        declaration: CharmDeclaration? = nil
    ) throws {
        try world.validate(event, declaration: declaration)
        self.path = path
        var environment = world.hookEnvironment(event)
        environment.agentSocket = path
        environment.charmDirectory = charmDirectory
        self.environment = environment
        agent = Mutex(
            FakeAgent(world: declaration?.filled(world, event) ?? world, event: event, declaration: declaration)
        )
        listener = try Self.listen(path)
        startThread { [self] in acceptConnections() }
    }

    deinit {
        close(listener)
    }

    /// The environment to start the charm with.
    ///
    /// - Parameters:
    ///   - path: The search path, with a directory of links to `hook-tool` first.
    ///   - native: Whether the charm may speak to the socket itself.
    /// - Returns: The variables, and no others.
    public func variables(path: String, native: Bool) -> [String: String] {
        var environment = environment
        environment.path = path
        environment.offersNativeHookTools = native
        return environment.variables
    }

    /// Ends the dispatch and stops listening.
    ///
    /// - Parameter exitCode: How the charm's process ended.
    /// - Returns: The world after it.
    public func end(exitCode: Int32) -> World {
        // Wakes the accepting thread, which holds the last reference.
        shutdown(listener, Int32(SHUT_RDWR))
        unlink(path)
        return agent.withLock { $0.end(failed: exitCode != 0) }
    }

    /// The hook tools that were called so far, in order.
    public var calls: [ToolCall] { agent.withLock { $0.calls } }

    /// The socket could not be made.
    public struct ServerFailure: Error, CustomStringConvertible {
        /// What happened, in words.
        public let description: String
    }

    private static func listen(_ path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ServerFailure(description: "the socket path is longer than 107 bytes: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard result == 0, Glibc.listen(descriptor, 16) == 0 else {
            let text = String(cString: strerror(errno))
            close(descriptor)
            throw ServerFailure(description: "cannot listen on \(path): \(text)")
        }
        return descriptor
    }

    private func acceptConnections() {
        while true {
            let connection = accept(listener, nil, nil)
            if connection < 0, errno == EINTR { continue }
            guard connection >= 0 else { return }
            startThread { [self] in serve(connection) }
        }
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var decoder = FrameDecoder()
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(connection, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            decoder.append(piece[..<count])
            do {
                while let frame = try decoder.next() {
                    let bytes = try answer(try ToolRequest(frame: frame)).frame.encoded()
                    guard Self.send(bytes, to: connection) else { return }
                }
            } catch {
                return
            }
        }
    }

    private func answer(_ request: ToolRequest) -> ToolReply {
        guard request.contextID == environment.contextID else {
            let expected = environment.contextID
            return ToolReply(failure: "bad request: expected context id \"\(expected)\", got \"\(request.contextID)\"")
        }
        guard let tool = ToolName(rawValue: request.tool) else {
            return ToolReply(failure: "bad request: unknown command \"\(request.tool)\"")
        }
        return agent.withLock { $0.reply(tool, request.arguments, input: request.standardInput) }
    }

    private static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

/// Runs code on a thread of its own, since it blocks; the cooperative pool has few and others need them.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let result = pthread_create(
        &thread,
        nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        },
        box.toOpaque()
    )
    guard result == 0 else {
        box.release()
        return
    }
    pthread_detach(thread)
}
