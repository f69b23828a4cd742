// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport
import Synchronization
import Testing

@testable import UnitAgent

/// A charm that takes the frames the agent offers, and one that calls the executables.
@Suite struct NativeTransportTests {
    /// Stands before the agent's socket and counts.
    private final class Proxy: Sendable {
        let connections = Mutex(0)
        let tools = Mutex<[String]>([])
        private let listener: LocalListener

        init(_ path: String, before target: String) throws {
            listener = try LocalListener(path: path)
            try startThread(named: "proxy") { [self] in
                while let descriptor = (try? listener.accept()) ?? nil {
                    connections.withLock { $0 += 1 }
                    try? pass(LocalConnection(descriptor: descriptor), to: target)
                }
            }
        }

        func stop() { listener.stop() }

        private func pass(_ front: consuming LocalConnection, to target: String) throws {
            let back = try LocalConnection.connect(to: target)
            var (requests, replies) = (FrameDecoder(), FrameDecoder())
            while true {
                let piece = try front.readSome()
                if piece.isEmpty { return }
                requests.append(piece)
                while let frame = try requests.next() {
                    let request = try ToolRequest(frame: frame)
                    tools.withLock { $0.append(request.tool) }
                    try back.write(try frame.encoded())
                    var reply: Frame?
                    while reply == nil {
                        replies.append(try back.readSome())
                        reply = try replies.next()
                    }
                    if let reply { try front.write(try reply.encoded()) }
                }
            }
        }
    }

    /// Runs the story's charm for one hook, with a socket of our own in its environment.
    private static func call(isOffered: Bool) async throws -> (connections: Int, tools: [String]) {
        let hide = isOffered ? "" : "unset JUJU_HOOK_TOOLS_NATIVE\n"
        let unit = try TestUnit(hooks: [
            "hooks/leader-elected": """
            \(hide)export JUJU_AGENT_SOCKET_ADDRESS="$TEST_DIR/proxy.sock"
            exec "$STORY_CHARM"
            """
        ])
        let proxy = try Proxy(unit.directory.path + "/proxy.sock", before: unit.configuration.hookSocketPath)
        defer { proxy.stop() }
        let charm = try TestUnit.product("story-charm")
        try await unit.run(changing: { $0.environment["STORY_CHARM"] = charm }) { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            #expect(try client.relations().first?.databags["tiny/0"]?["leader"] == "yes")
        }
        return (proxy.connections.withLock { $0 }, proxy.tools.withLock { $0 })
    }

    @Test func `a dispatch makes all its calls over one connection`() async throws {
        let (connections, tools) = try await Self.call(isOffered: true)
        #expect(connections == 1)
        #expect(tools.count > 4, "\(tools)")
    }

    @Test func `without the offer each call is a process, and what it does is the same`() async throws {
        let (connections, tools) = try await Self.call(isOffered: false)
        #expect(connections == tools.count)
        #expect(Set(tools).isSuperset(of: try await Self.call(isOffered: true).tools))
    }
}
